package trace

import (
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/caps"
)

// LiveCheck is what a monitor sees of a capability check and of its repeats
// within one window. What the system call then returned is not known: to see
// that, every system call of the machine would have to be slowed down.
type LiveCheck struct {
	// Time is when the first of them was made.
	Time time.Time
	// Comm is the process's name (at most 15 bytes, see proc(5)), PID its
	// thread group id and PPID its parent's in the initial pid namespace.
	Comm      string
	PID, PPID int
	// UID is the effective user id in the initial user namespace.
	UID     uint32
	Cap     caps.Cap
	Verdict Verdict
	// Audited, InitialNS and OwnCreds are as in Check.
	Audited, InitialNS, OwnCreds bool
	// Syscall is the name of the system call, "" outside of one.
	Syscall string
	// Function is the kernel function that asked, "" if it is not known.
	Function string
	// Count is how many checks these are.
	Count uint64
}

// MonitorConfig is how a Monitor works. The zero value sees every audited
// check against the initial user namespace, each by itself.
type MonitorConfig struct {
	// Backend is one of Backends, or "" for the best that loads.
	Backend string
	Filter  Filter
	// Window is how long repeats are counted before they are handed over as
	// one, 0 for never.
	Window time.Duration
	// RingBytes and WindowEntries are the sizes of what checks wait in, 0 for
	// what bpf/monitor_records.h says. RingBytes must be a power of 2 and
	// hold whole pages.
	RingBytes, WindowEntries uint32
}

// Monitor sees capability checks of the whole machine while they are made.
// Its memory is bounded, in the kernel and here: what finds no room is lost
// and counted.
type Monitor struct {
	backend  backend
	config   MonitorConfig
	maps     bpf.MonitorMaps
	names    []string // of the programs
	programs []*ebpf.Program
	links    []link.Link
	ring     *ringbuf.Reader
	window   *window
	places   *places
	syscalls syscallNames
}

// OpenMonitor loads the programs and attaches them. From then on checks wait
// for Run.
func OpenMonitor(c MonitorConfig) (*Monitor, error) {
	return openBest(c.Backend, func(b backend) (*Monitor, error) { return openMonitor(b, c) })
}

func openMonitor(b backend, c MonitorConfig) (*Monitor, error) {
	spec, err := monitorSpec(b, c)
	if err != nil {
		return nil, err
	}
	symbols, err := readSymbols()
	if err != nil {
		return nil, err
	}
	if err := symbols.locate(spec); err != nil {
		return nil, err
	}
	names, err := newSyscallNames()
	if err != nil {
		return nil, err
	}
	m := &Monitor{backend: b, config: c, syscalls: names}
	err = m.load(spec)
	if err == nil {
		err = m.attach()
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	m.places = newPlaces(m.maps.Places, symbols)
	return m, nil
}

func monitorSpec(b backend, c MonitorConfig) (*ebpf.CollectionSpec, error) {
	spec, err := bpf.LoadMonitor()
	if err != nil {
		return nil, fmt.Errorf("read eBPF programs: %w", err)
	}
	b.prune(spec)
	if err := c.Filter.specialize(spec); err != nil {
		return nil, err
	}
	if err := spec.Variables[bpf.MonitorVarFold].Set(c.Window > 0); err != nil {
		return nil, fmt.Errorf("set folding: %w", err)
	}
	if c.RingBytes != 0 {
		spec.Maps[bpf.MonitorMapRing].MaxEntries = c.RingBytes
	}
	if c.WindowEntries != 0 {
		spec.Maps[bpf.MonitorMapWindows].InnerMap.MaxEntries = c.WindowEntries
	}
	return spec, nil
}

func (m *Monitor) load(spec *ebpf.CollectionSpec) error {
	collection, err := ebpf.NewCollection(spec)
	if err != nil {
		return fmt.Errorf("load eBPF programs: %w", err)
	}
	defer collection.Close()
	if err := collection.Assign(&m.maps); err != nil {
		return fmt.Errorf("load eBPF maps: %w", err)
	}
	for _, name := range attachOrder(spec) {
		m.names = append(m.names, name)
		m.programs = append(m.programs, collection.DetachProgram(name))
	}
	if err := m.config.Filter.fill(&m.maps); err != nil {
		return err
	}
	if m.ring, err = ringbuf.NewReader(m.maps.Ring); err != nil {
		return fmt.Errorf("read eBPF ring: %w", err)
	}
	m.window, err = newWindow(m.maps.Windows, spec.Maps[bpf.MonitorMapWindows].InnerMap)
	return err
}

func (m *Monitor) attach() error {
	for i, p := range m.programs {
		l, err := attach(m.names[i], p)
		if err != nil {
			return fmt.Errorf("attach %s: %w", m.names[i], err)
		}
		m.links = append(m.links, l)
	}
	return nil
}

// Backend is the name of the backend that was loaded.
func (m *Monitor) Backend() string { return m.backend.name }

// Lost is how many checks, or processes of a tree, found no room.
func (m *Monitor) Lost() (uint64, error) { return totalLost(m.maps.Lost, m.programs) }

// Close detaches and unloads everything.
func (m *Monitor) Close() error {
	errs := []error{m.detach()}
	for _, p := range m.programs {
		errs = append(errs, p.Close())
	}
	if m.ring != nil {
		errs = append(errs, m.ring.Close())
	}
	if m.window != nil {
		errs = append(errs, m.window.close())
	}
	return errors.Join(append(errs, m.maps.Close())...)
}

// detach ends the seeing; what was seen still waits.
func (m *Monitor) detach() error {
	var errs []error
	for _, l := range m.links {
		errs = append(errs, l.Close())
	}
	m.links = nil
	return errors.Join(errs...)
}
