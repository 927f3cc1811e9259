// Package guard keeps what runs in sandboxes from the machine's devices, also
// with every capability, and sees what a sandbox prevents. It does so
// by eBPF.
//
// A program of the type BPF_PROG_TYPE_CGROUP_DEVICE is asked before a device
// is opened, whatever file leads to it (devcgroup_check_permission() of the
// kernel's source), and after the capabilities were checked. It is attached to
// the root of the cgroup v2 tree and knows processes by their pid namespace,
// which they cannot leave. So no cgroup is made that somebody would have to
// remove, and the kernel detaches it when capmon ends, however that is.
package guard

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/caps/sandbox"
)

// Guard guards sandboxes.
type Guard struct {
	objects bpf.SandboxObjects
	links   []link.Link
	// reader is nil where what is in the way cannot be seen.
	reader *ringbuf.Reader

	mu sync.Mutex
	// seen is what was read, by sandbox.
	seen map[uint32][]sandbox.Hindrance
}

// Open loads the programs. In the sandboxes that are added, the devices of
// every sandbox can be opened, and those given.
func Open(types *bpf.Types, devices []string) (*Guard, error) {
	g := &Guard{seen: make(map[uint32][]sandbox.Hindrance)}
	if err := g.open(types, devices); err != nil {
		return nil, errors.Join(fmt.Errorf("guard devices: %w", err), g.Close())
	}
	return g, nil
}

func (g *Guard) open(types *bpf.Types, devices []string) error {
	options, err := types.Options()
	if err != nil {
		return err
	}
	if err := bpf.LoadSandboxObjects(&g.objects, options); err != nil {
		return err
	}
	numbers, err := sandbox.DeviceNumbers(devices)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		key := bpf.SandboxDevice{Type: deviceType(n), Major: n.Major, Minor: n.Minor}
		if err := g.objects.Devices.Put(key, uint8(1)); err != nil {
			return err
		}
	}
	root, err := cgroupTree()
	if err != nil {
		return err
	}
	defer unix.Close(root)
	l, err := link.AttachRawLink(link.RawLinkOptions{Target: root, Program: g.objects.GuardDevice, Attach: ebpf.AttachCGroupDevice})
	if err != nil {
		return err
	}
	g.links = append(g.links, l)
	return g.watch()
}

// watch begins to see what is in the way.
func (g *Guard) watch() error {
	l, err := link.AttachTracing(link.TracingOptions{Program: g.objects.SeeHindrance})
	if err != nil {
		return err
	}
	g.links = append(g.links, l)
	g.reader, err = ringbuf.NewReader(g.objects.Hindrances)
	return err
}

// cgroupTree opens the root of the cgroup v2 tree, which need not be mounted.
func cgroupTree() (int, error) {
	fs, err := unix.Fsopen("cgroup2", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, fmt.Errorf("open cgroup v2: %w", err)
	}
	defer unix.Close(fs)
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, fmt.Errorf("open cgroup v2: %w", err)
	}
	fd, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open cgroup v2: %w", err)
	}
	return fd, nil
}

// deviceType is the kernel's BPF_DEVCG_DEV_BLOCK or BPF_DEVCG_DEV_CHAR.
func deviceType(n sandbox.DeviceNumber) uint32 {
	if n.Block {
		return 1
	}
	return 2
}

// Add guards the sandbox whose first process is pid, and returns its name.
func (g *Guard) Add(pid int) (uint32, error) {
	id, err := namespace(pid)
	if err == nil {
		err = g.objects.Sandboxes.Put(id, uint8(1))
	}
	if err != nil {
		return 0, fmt.Errorf("guard devices: %w", err)
	}
	return id, nil
}

// Remove forgets a sandbox in which no process is left.
func (g *Guard) Remove(id uint32) error {
	g.mu.Lock()
	delete(g.seen, id)
	g.mu.Unlock()
	if err := g.objects.Sandboxes.Delete(id); err != nil {
		return fmt.Errorf("unguard devices: %w", err)
	}
	return nil
}

// namespace is the inode number of a process's pid namespace.
func namespace(pid int) (uint32, error) {
	var st unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/proc/%d/ns/pid", pid), &st); err != nil {
		return 0, err
	}
	return uint32(st.Ino), nil
}

// Close unloads the programs.
func (g *Guard) Close() error {
	var errs []error
	if g.reader != nil {
		errs = append(errs, g.reader.Close())
	}
	for _, l := range g.links {
		errs = append(errs, l.Close())
	}
	if g.objects.Sandboxes != nil {
		errs = append(errs, g.objects.Close())
	}
	return errors.Join(errs...)
}
