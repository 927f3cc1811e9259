package sandbox

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mount is one line of proc_pid_mountinfo(5).
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

func readMounts() ([]mount, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("read mounts: %w", err)
	}
	var mounts []mount
	for line := range strings.Lines(string(text)) {
		m, err := parseMount(line)
		if err != nil {
			return nil, fmt.Errorf("read mounts: %w", err)
		}
		mounts = append(mounts, m)
	}
	return mounts, nil
}

func parseMount(line string) (mount, error) {
	fields := strings.Fields(line)
	// After a number of optional fields, and a hyphen, come three more.
	separator := slices.Index(fields, "-")
	if separator < 6 || len(fields) < separator+4 {
		return mount{}, fmt.Errorf("too few fields in %q", line)
	}
	id, err1 := strconv.Atoi(fields[0])
	parent, err2 := strconv.Atoi(fields[1])
	if err := errors.Join(err1, err2); err != nil {
		return mount{}, fmt.Errorf("%q: %w", line, err)
	}
	return mount{
		id: id, parent: parent,
		root: unescape(fields[3]), point: unescape(fields[4]),
		flags:  mountFlags(fields[5]),
		fstype: fields[separator+1],
		super:  strings.Split(fields[separator+3], ","),
	}, nil
}

// unescape undoes mangle() in fs/seq_file.c: white space and the backslash
// are three octal digits.
func unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+3 < len(text) {
			if c, err := strconv.ParseUint(text[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
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
