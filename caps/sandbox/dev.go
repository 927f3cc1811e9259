package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// node is a device file.
type node struct {
	path string
	mode uint32
	dev  uint64
	uid  int
	gid  int
}

// harmless are the devices that every sandbox has: no hardware is behind them,
// and behind tun only the network, which is the sandbox's own or the machine's
// anyway. Numbers: Documentation/admin-guide/devices.txt of the kernel's source.
var harmless = []node{
	{path: "/dev/null", mode: unix.S_IFCHR | 0o666, dev: unix.Mkdev(1, 3)},
	{path: "/dev/zero", mode: unix.S_IFCHR | 0o666, dev: unix.Mkdev(1, 5)},
	{path: "/dev/full", mode: unix.S_IFCHR | 0o666, dev: unix.Mkdev(1, 7)},
	{path: "/dev/random", mode: unix.S_IFCHR | 0o666, dev: unix.Mkdev(1, 8)},
	{path: "/dev/urandom", mode: unix.S_IFCHR | 0o666, dev: unix.Mkdev(1, 9)},
	{path: "/dev/tty", mode: unix.S_IFCHR | 0o666, dev: unix.Mkdev(5, 0)},
	{path: "/dev/net/tun", mode: unix.S_IFCHR | 0o666, dev: unix.Mkdev(10, 200)},
}

// inDev says whether a mount is at or below /dev.
func inDev(point string) bool { return point == "/dev" || strings.HasPrefix(point, "/dev/") }

// addDev makes a /dev of the sandbox's own: null, zero, full, random, urandom,
// tty, net/tun, its own terminals and shared memory, and the devices let in.
//
// Device files are mounted one by one. Everything else in the sandbox is
// nodev, this directory too, so that a device file that the command makes
// cannot be opened.
func (v *view) addDev() error {
	dev := storeDir + "/dev"
	if err := mkdirs(dev, dev+"/pts", dev+"/shm", storeDir+"/nodes", newRoot+"/dev"); err != nil {
		return err
	}
	if err := unix.Chmod(dev+"/shm", 0o1777); err != nil {
		return err
	}
	if err := bind(dev, newRoot+"/dev", unix.MS_NOSUID|unix.MS_NODEV); err != nil {
		return fmt.Errorf("mount /dev: %w", err)
	}
	// A mount of its own, as programs expect it.
	if err := bind(dev+"/shm", newRoot+"/dev/shm", unix.MS_NOSUID|unix.MS_NODEV); err != nil {
		return fmt.Errorf("mount /dev/shm: %w", err)
	}
	if err := v.addTerminals(); err != nil {
		return err
	}
	if err := addLinks(); err != nil {
		return err
	}
	for _, n := range harmless {
		if err := v.addNode(n); err != nil {
			return fmt.Errorf("make %s: %w", n.path, err)
		}
	}
	for _, path := range v.options.Devices {
		n, err := readNode(oldRoot, path)
		if err == nil {
			err = v.addNode(n)
		}
		if err != nil {
			return fmt.Errorf("let in %s: %w", path, err)
		}
	}
	return v.addBelowDev()
}

// addBelowDev mounts anew what is a file system of a namespace that the
// sandbox has.
func (v *view) addBelowDev() error {
	for _, m := range v.mounts {
		if !inDev(m.point) || m.fstype != "mqueue" && m.fstype != "hugetlbfs" {
			continue
		}
		if err := os.MkdirAll(newRoot+m.point, 0o755); err != nil {
			return err
		}
		if err := v.mountAnew(m); err != nil {
			return fmt.Errorf("mount %s: %w", m.point, err)
		}
	}
	return nil
}

// addTerminals mounts an instance of devpts in which there is no terminal yet
// (Documentation/filesystems/devpts.rst).
func (v *view) addTerminals() error {
	options := "newinstance,ptmxmode=0666,mode=0620"
	for _, m := range v.mounts {
		if m.fstype != "devpts" || m.point != "/dev/pts" {
			continue
		}
		// The group that owns terminals, usually tty.
		if i := slices.IndexFunc(m.super, func(o string) bool { return strings.HasPrefix(o, "gid=") }); i >= 0 {
			options += "," + m.super[i]
		}
	}
	if err := unix.Mount("devpts", newRoot+"/dev/pts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, options); err != nil {
		return fmt.Errorf("mount /dev/pts: %w", err)
	}
	return os.Symlink("pts/ptmx", newRoot+"/dev/ptmx")
}

// addLinks makes the symbolic links to the process's own descriptors, and
// those to files that the machine has.
func addLinks() error {
	links := map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
	}
	for _, name := range []string{"core", "log"} {
		if target, err := os.Readlink(oldRoot + "/dev/" + name); err == nil {
			links[name] = target
		}
	}
	for name, target := range links {
		if err := os.Symlink(target, newRoot+"/dev/"+name); err != nil {
			return err
		}
	}
	return nil
}

// addNode mounts a device file that is another than the machine's, so that a
// change of its owner or mode stays in the sandbox.
func (v *view) addNode(n node) error {
	v.nodes++
	source, flags := fmt.Sprintf("%s/nodes/%d", storeDir, v.nodes), uintptr(unix.MS_NOSUID|unix.MS_NOEXEC)
	err := unix.Mknod(source, n.mode, int(n.dev))
	if errors.Is(err, unix.EPERM) {
		// In a container that may not: the device as it is there.
		source, flags = oldRoot+n.path, flags|unix.MS_RDONLY
		if _, err := os.Stat(source); errors.Is(err, os.ErrNotExist) {
			return nil
		}
	} else if err == nil {
		err = errors.Join(unix.Chown(source, n.uid, n.gid), unix.Chmod(source, n.mode&0o7777))
	}
	if err != nil && !errors.Is(err, unix.EPERM) {
		return err
	}
	target := newRoot + n.path
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if err := placeholder(target); err != nil {
		return err
	}
	return bind(source, target, flags)
}

// placeholder makes an empty file to mount something over, if there is none.
func placeholder(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// readNode looks at a device file below root.
func readNode(root, path string) (node, error) {
	var st unix.Stat_t
	if err := unix.Stat(root+path, &st); err != nil {
		return node{}, err
	}
	if fileType := st.Mode & unix.S_IFMT; fileType != unix.S_IFBLK && fileType != unix.S_IFCHR {
		return node{}, errors.New("it is no device")
	}
	return node{path: path, mode: st.Mode, dev: st.Rdev, uid: int(st.Uid), gid: int(st.Gid)}, nil
}

// CheckDevice says whether a path can be one of Options.Devices.
func CheckDevice(path string) error {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path {
		return errors.New("give the whole path, such as /dev/loop0")
	}
	_, err := readNode("", path)
	if errors.Is(err, os.ErrNotExist) {
		return errors.New("there is no such file")
	}
	return err
}

func mkdirs(dirs ...string) error {
	for _, dir := range dirs {
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return nil
}
