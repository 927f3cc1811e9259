package sandbox

import (
	"fmt"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// Hindrance is a system call that failed in a sandbox and might not have
// outside.
type Hindrance struct {
	// Process is the name of the process.
	Process string
	// Syscall is the name of the system call.
	Syscall string
	// Errno is the error.
	Errno syscall.Errno
	// Path is the path that the call was given, as it was given; "" if none.
	Path string
}

// Explanation says what a sandbox was in the way of.
type Explanation struct {
	// Text is a sentence without a subject: "writes F, which is read-only in
	// the sandbox".
	Text string
	// Device is the path of the device that was missed, "" if none was.
	Device string
}

// Explain says what a sandbox prevented; nothing if the machine outside would
// have prevented it as well.
func (h Hindrance) Explain(o Options) (e Explanation) {
	switch h.Errno {
	case unix.EROFS:
		if h.Path == "" {
			e.Text = fmt.Sprintf("calls %s on a file system that is read-only in the sandbox", h.Syscall)
			return e
		}
		if filepath.IsAbs(h.Path) && readOnlyOutside(h.Path) {
			return e
		}
		return Explanation{Text: fmt.Sprintf("writes %s, which is read-only in the sandbox", h.Path)}
	case unix.EOPNOTSUPP:
		switch h.Syscall {
		case "name_to_handle_at", "open_by_handle_at":
			e.Text = fmt.Sprintf("calls %s, and there are no file handles in the sandbox", h.Syscall)
		}
	case unix.ENOENT, unix.ENXIO, unix.EACCES, unix.EPERM, unix.ENODEV:
		if _, err := readNode("", h.Path); err == nil && !o.hasDevice(h.Path) {
			return Explanation{fmt.Sprintf("uses the device %s, which is not in the sandbox", h.Path), h.Path}
		}
	}
	return e
}

// readOnlyOutside says whether the file system of a path is read-only on the
// machine as well.
func readOnlyOutside(path string) bool {
	var st unix.Statfs_t
	for unix.Statfs(path, &st) != nil {
		if path == "/" {
			return false
		}
		path = filepath.Dir(path)
	}
	return st.Flags&unix.ST_RDONLY != 0
}

// hasDevice says whether the sandbox has the device file path.
func (o Options) hasDevice(path string) bool {
	for _, n := range harmless {
		if n.path == path {
			return true
		}
	}
	for _, device := range o.Devices {
		if device == path {
			return true
		}
	}
	return filepath.Dir(path) == "/dev/pts" || path == "/dev/ptmx"
}

// DeviceNumber names a device to the kernel.
type DeviceNumber struct {
	Block        bool
	Major, Minor uint32
}

// DeviceNumbers are the devices that can be opened in a sandbox: those that
// every one has, those behind the paths, and what capmon has as its own
// standard files, which can be opened by /dev/stdin and the like.
func DeviceNumbers(paths []string) ([]DeviceNumber, error) {
	nodes := append([]node{{mode: unix.S_IFCHR, dev: unix.Mkdev(5, 2)}}, harmless...) // /dev/ptmx
	for _, path := range paths {
		n, err := readNode("", path)
		if err != nil {
			return nil, fmt.Errorf("let in %s: %w", path, err)
		}
		nodes = append(nodes, n)
	}
	for fd := range 3 {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFCHR {
			nodes = append(nodes, node{mode: st.Mode, dev: st.Rdev})
		}
	}
	numbers := make([]DeviceNumber, len(nodes))
	for i, n := range nodes {
		numbers[i] = DeviceNumber{n.mode&unix.S_IFMT == unix.S_IFBLK, unix.Major(n.dev), unix.Minor(n.dev)}
	}
	return numbers, nil
}
