// Package monitor watches the capability checks of the whole machine while they
// are made.
//
//	m, err := monitor.Open(monitor.Config{Filter: monitor.Filter{OnlyFail: true}})
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer m.Close()
//	err = m.Run(ctx, func(checks []monitor.LiveCheck) error {
//		for _, c := range checks {
//			fmt.Println(c.Time, c.Comm, c.Cap, c.Function)
//		}
//		return nil
//	})
package monitor

import (
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/backend"
)

// Event is a capability check on the machine, with its repeats within one
// window.
type Event struct {
	// Time is when the first of them was made.
	Time time.Time
	// UID is the effective user id in the initial user namespace.
	UID uint32
	// Cgroup is the id of the process's cgroup in the v2 tree, the inode of its
	// directory. It says where a process belonged that has ended meanwhile.
	Cgroup uint64
	Check  trace.Check
}

// Config is how a Monitor works. The zero value sees every audited
// check against the initial user namespace, each by itself.
type Config struct {
	// Backend is one of backend.Names, or "" for the best that loads.
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
	config   Config
	programs *backend.Programs
	maps     bpf.MonitorMaps
	ring     *ringbuf.Reader
	window   *window
	places   *places
	symbols  backend.Symbols
	syscalls trace.Syscalls
	// began is when it was opened, by the kernel's monotonic clock.
	began time.Duration
}

// Open loads the programs and attaches them. From then on checks wait for Run.
func Open(c Config) (*Monitor, error) {
	types := bpf.ReadTypes()
	return backend.Open(types, c.Backend, func(b backend.Backend) (*Monitor, error) { return open(types, b, c) })
}

func open(types *bpf.Types, b backend.Backend, c Config) (*Monitor, error) {
	spec, err := newSpec(c)
	if err != nil {
		return nil, err
	}
	names, err := trace.NewSyscalls()
	if err != nil {
		return nil, err
	}
	m := &Monitor{config: c, syscalls: names, began: backend.Monotonic()}
	if err := m.start(types, b, spec); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func newSpec(c Config) (*ebpf.CollectionSpec, error) {
	spec, err := bpf.LoadMonitor()
	if err != nil {
		return nil, fmt.Errorf("read eBPF programs: %w", err)
	}
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

// start loads the programs, fills their maps and attaches them.
func (m *Monitor) start(types *bpf.Types, b backend.Backend, spec *ebpf.CollectionSpec) (err error) {
	var loaded struct {
		bpf.MonitorMaps
		Generation *ebpf.Variable `ebpf:"generation"`
		Turn       *ebpf.Variable `ebpf:"turn"`
	}
	if m.programs, err = backend.Load(types, b, spec, &loaded); err != nil {
		return err
	}
	m.maps = loaded.MonitorMaps
	m.places = newPlaces(m.maps.Places, loaded.Generation, &m.symbols)
	if err := m.config.Filter.fill(&m.maps); err != nil {
		return err
	}
	if m.ring, err = ringbuf.NewReader(m.maps.Ring); err != nil {
		return fmt.Errorf("read eBPF ring: %w", err)
	}
	if m.window, err = newWindow(&m.maps, loaded.Turn, spec); err != nil {
		return err
	}
	return m.programs.Attach()
}

// Backend is the name of the backend that was loaded.
func (m *Monitor) Backend() string { return m.programs.Backend.Name }

// Lost is how many checks, or processes of a tree, found no room.
func (m *Monitor) Lost() (uint64, error) { return m.programs.Lost() }

// Close detaches and unloads everything.
func (m *Monitor) Close() error {
	errs := []error{m.programs.Close(), m.symbols.Close()}
	if m.ring != nil {
		errs = append(errs, m.ring.Close())
	}
	if m.window != nil {
		errs = append(errs, m.window.close())
	}
	return errors.Join(append(errs, m.maps.Close())...)
}
