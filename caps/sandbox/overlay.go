package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// UnsupportedError says that no overlay can be mounted over the root
// directory here.
type UnsupportedError struct{ Err error }

func (e *UnsupportedError) Error() string {
	switch {
	case errors.Is(e.Err, unix.ENODEV):
		return "this kernel has no overlay file system (CONFIG_OVERLAY_FS, or modprobe overlay)"
	case errors.Is(e.Err, unix.EPERM):
		return "mounting is not permitted here, as in a container without CAP_SYS_ADMIN"
	}
	return "the root file system cannot be overlaid: " + e.Err.Error()
}

func (e *UnsupportedError) Unwrap() error { return e.Err }

func unsupported(err error) error {
	if err == nil {
		return nil
	}
	return &UnsupportedError{err}
}

// betterOptions make the overlay behave more like what it covers: directories
// can be renamed, a change of owner or mode copies no contents, and inode
// numbers stay together with their device (Documentation/filesystems/
// overlayfs.rst in the kernel's source). Old kernels lack some of them.
const betterOptions = ",redirect_dir=on,metacopy=on,xino=auto"

// overlay mounts over the counterpart of m what is at m, such that what is
// written goes to the store.
func (v *view) overlay(m mount) error {
	store, err := v.store()
	if err != nil {
		return err
	}
	lower, upper, work := oldRoot+m.point, store+"/upper", store+"/work"
	if err := os.Mkdir(work, 0o755); err != nil {
		return err
	}
	// The overlay's root directory is the upper one.
	if err := likewise(lower, upper); err != nil {
		return err
	}
	flags := m.flags | unix.MS_NODEV
	if !m.writable() {
		flags |= unix.MS_RDONLY
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", escape(lower), upper, work)
	err = unix.Mount("overlay", newRoot+m.point, "overlay", flags, options+betterOptions)
	if errors.Is(err, unix.EINVAL) {
		err = unix.Mount("overlay", newRoot+m.point, "overlay", flags, options)
	}
	return err
}

// escape guards what separates options and layers (overlayfs.rst).
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `:`, `\:`, `,`, `\,`).Replace(path)
}

// likewise makes a directory with the owner, mode, times and extended
// attributes of another.
func likewise(model, dir string) error {
	var st unix.Stat_t
	if err := unix.Stat(model, &st); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return imitate(model, dir, st)
}

// imitate gives path what model has besides its contents.
func imitate(model, path string, st unix.Stat_t) error {
	if err := unix.Chown(path, int(st.Uid), int(st.Gid)); err != nil {
		return err
	}
	if err := unix.Chmod(path, st.Mode&0o7777); err != nil {
		return err
	}
	copyAttributes(model, path)
	return unix.UtimesNano(path, []unix.Timespec{st.Atim, st.Mtim})
}

// copyAttributes copies the extended attributes, access control lists among
// them (acl(5)). Those that a tmpfs does not take are left behind.
func copyAttributes(from, to string) {
	names := make([]byte, 64<<10) // XATTR_LIST_MAX of linux/limits.h
	n, err := unix.Listxattr(from, names)
	if err != nil || n == 0 {
		return
	}
	value := make([]byte, 64<<10) // XATTR_SIZE_MAX
	for name := range strings.SplitSeq(strings.TrimRight(string(names[:n]), "\x00"), "\x00") {
		if size, err := unix.Getxattr(from, name, value); err == nil {
			_ = unix.Setxattr(to, name, value[:size], 0)
		}
	}
}
