package sandbox

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// largestFile is how many bytes a mounted file may have that is copied.
const largestFile = 16 << 20

// addFile is for a mount that is no directory, as containers have it for
// /etc/hosts. No overlay can be mounted there; a regular file gets a copy.
func (v *view) addFile(m mount) error {
	var st unix.Stat_t
	model := oldRoot + m.point
	if err := unix.Stat(model, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		// A socket or a named pipe leads to a process outside, a device to
		// hardware. What is below the mount is there in its place.
		return nil
	}
	if st.Size > largestFile {
		if m.writable() {
			v.readOnly = append(v.readOnly, ReadOnly{m.point, m.fstype, "it is a single file, and too large for a copy"})
		}
		return bindReadOnly(m)
	}
	store, err := v.store()
	if err != nil {
		return err
	}
	replica := store + "/file"
	if err := copyFile(model, replica); err != nil {
		return err
	}
	if err := imitate(model, replica, st); err != nil {
		return err
	}
	return bind(replica, newRoot+m.point, m.flags|unix.MS_NODEV)
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		target.Close()
		return err
	}
	return target.Close()
}

// bindReadOnly mounts in the view what is at m itself, read-only.
func bindReadOnly(m mount) error {
	return bind(oldRoot+m.point, newRoot+m.point, m.flags|unix.MS_RDONLY|unix.MS_NODEV)
}

// bind mounts source at target with exactly these flags: the first call of
// mount(2) ignores them.
func bind(source, target string, flags uintptr) error {
	if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if err := unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|flags, ""); err != nil {
		return fmt.Errorf("set flags: %w", err)
	}
	return nil
}
