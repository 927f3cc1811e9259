package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// mount is what of a line of proc_pid_mountinfo(5) a sandbox is made from.
type mount struct {
	id, parent int
	// root is what of the file system is mounted, point where.
	root, point string
	// flags are those of mount(2) that belong to the mount.
	flags  uintptr
	fstype string
	// super are the options of the file system.
	super []string
}

// writable says whether anything can be written there.
func (m mount) writable() bool {
	return m.flags&unix.MS_RDONLY == 0 && !slices.Contains(m.super, "ro")
}

// readMounts lists the mounts that this thread sees.
func readMounts() ([]mount, error) {
	infos, err := mountinfo.GetMounts(nil)
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	mounts := make([]mount, len(infos))
	for i, info := range infos {
		mounts[i] = newMount(info)
	}
	return mounts, nil
}

func newMount(info *mountinfo.Info) mount {
	return mount{
		id: info.ID, parent: info.Parent,
		root: info.Root, point: info.Mountpoint,
		flags:  mountFlags(info.Options),
		fstype: info.FSType,
		super:  strings.Split(info.VFSOptions, ","),
	}
}

// mountFlags reads the options of a mount: show_mnt_opts() in
// fs/proc_namespace.c writes them.
func mountFlags(options string) uintptr {
	known := map[string]uintptr{
		"ro": unix.MS_RDONLY, "nosuid": unix.MS_NOSUID, "nodev": unix.MS_NODEV, "noexec": unix.MS_NOEXEC,
		"noatime": unix.MS_NOATIME, "nodiratime": unix.MS_NODIRATIME, "relatime": unix.MS_RELATIME,
		"nosymfollow": unix.MS_NOSYMFOLLOW,
	}
	var flags uintptr
	for option := range strings.SplitSeq(options, ",") {
		flags |= known[option]
	}
	return flags
}

// visible returns the mounts that a path leads to, each after the one that it
// is mounted on. Those that others were mounted over are left out.
func visible(mounts []mount) ([]mount, error) {
	on := make(map[int][]mount)
	ids := make(map[int]bool)
	for _, m := range mounts {
		on[m.parent] = append(on[m.parent], m)
		ids[m.id] = true
	}
	for _, m := range mounts {
		if m.point == "/" && (!ids[m.parent] || m.parent == m.id) {
			return appendVisible(nil, m, on), nil
		}
	}
	return nil, errors.New("the root directory is not a mount point, as in a chroot(2): a sandbox cannot be made there")
}

func appendVisible(list []mount, m mount, on map[int][]mount) []mount {
	for {
		cover := slices.IndexFunc(on[m.id], func(c mount) bool { return c.point == m.point && c.id != m.id })
		if cover < 0 {
			break
		}
		m = on[m.id][cover]
	}
	list = append(list, m)
	for _, child := range on[m.id] {
		if child.id != m.id && !hidden(child, on[m.id]) {
			list = appendVisible(list, child, on)
		}
	}
	return list
}

// hidden says whether one of the mounts beside m covers the directory in
// which m's mount point is.
func hidden(m mount, beside []mount) bool {
	return slices.ContainsFunc(beside, func(b mount) bool {
		return b.id != m.id && strings.HasPrefix(m.point, b.point+"/")
	})
}
