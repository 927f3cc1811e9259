package monitor

import (
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/caps"
)

// How many values a filter can hold (bpf/monitor_filter.h). The kernel side
// looks at one cgroup after the other.
const (
	MaxIDs     = 1 << 10 // processes or users
	MaxCgroups = 16
)

// Filter says which checks a monitor sees. Several values of one kind are
// alternatives, the kinds must all agree; a kind that is empty lets
// everything through. All of it is looked at in the kernel.
type Filter struct {
	// PIDs are processes, by their ids in the pid namespace of capmon.
	PIDs []int
	// Trees are processes that are seen together with every process that
	// they or their descendants fork from now on.
	Trees []int
	// UIDs are effective user ids of the process in the initial user
	// namespace.
	UIDs []uint32
	Caps caps.Set
	// Cgroups are directories of the cgroup v2 tree; what is below them
	// counts.
	Cgroups []string
	// OnlyFail leaves out what passed.
	OnlyFail bool
	// All also lets through what is not audited or not against the initial
	// user namespace.
	All bool
}

// constants are the variables of bpf/monitor_filter.h.
func (f Filter) constants() map[string]any {
	mask := uint64(f.Caps)
	if mask == 0 {
		mask = math.MaxUint64
	}
	return map[string]any{
		bpf.MonitorVarCapMask:      mask,
		bpf.MonitorVarOwnTgid:      uint32(os.Getpid()),
		bpf.MonitorVarCgroupCount:  uint32(len(f.Cgroups)),
		bpf.MonitorVarByPid:        len(f.PIDs) > 0,
		bpf.MonitorVarByTree:       len(f.Trees) > 0,
		bpf.MonitorVarByUid:        len(f.UIDs) > 0,
		bpf.MonitorVarOnlyFail:     f.OnlyFail,
		bpf.MonitorVarUnaudited:    f.All,
		bpf.MonitorVarAnyNamespace: f.All,
	}
}

// inlined are the programs on what cap_capable is inlined into, by the one
// capability that they ask for (bpf/inlined.h).
var inlined = map[caps.Cap][]string{
	caps.SetPCap: {
		bpf.MonitorProgCapCapsetFexit, bpf.MonitorProgCapTaskPrctlFexit,
		bpf.MonitorProgCapCapsetReturn, bpf.MonitorProgCapTaskPrctlReturn,
	},
	caps.SysRawIO: {bpf.MonitorProgCapMmapAddrFexit, bpf.MonitorProgCapMmapAddrReturn},
}

// specialize sets the filter's constants and takes out what it has no use
// for: a program on fork and exit costs every process of the machine, and one
// on the test of an address costs every mmap(2).
func (f Filter) specialize(spec *ebpf.CollectionSpec) error {
	for name, value := range f.constants() {
		if err := spec.Variables[name].Set(value); err != nil {
			return fmt.Errorf("set filter %s: %w", name, err)
		}
	}
	if len(f.Trees) == 0 {
		delete(spec.Programs, bpf.MonitorProgTreeFork)
		delete(spec.Programs, bpf.MonitorProgTreeExit)
	}
	for c, programs := range inlined {
		if f.Caps == 0 || f.Caps.Has(c) {
			continue
		}
		for _, name := range programs {
			delete(spec.Programs, name)
		}
	}
	return nil
}

// fill puts the filter's sets into their maps, before anything is attached.
func (f Filter) fill(maps *bpf.MonitorMaps) error {
	var errs []error
	put := func(m *ebpf.Map, id uint32) {
		if err := m.Put(id, uint8(1)); err != nil {
			errs = append(errs, fmt.Errorf("set filter: %w", err))
		}
	}
	for _, pid := range f.PIDs {
		put(maps.Pids, uint32(pid))
	}
	for _, pid := range f.Trees {
		put(maps.Tree, uint32(pid))
	}
	for _, uid := range f.UIDs {
		put(maps.Uids, uid)
	}
	for i, path := range f.Cgroups {
		errs = append(errs, putCgroup(maps.Cgroups, uint32(i), path))
	}
	return errors.Join(errs...)
}

func putCgroup(m *ebpf.Map, i uint32, path string) error {
	fd, err := unix.Open(path, unix.O_DIRECTORY|unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open cgroup %s: %w", path, err)
	}
	// The map holds the cgroup itself.
	defer unix.Close(fd)
	if err := m.Put(i, uint32(fd)); err != nil {
		return fmt.Errorf("filter by cgroup %s: %w", path, err)
	}
	return nil
}
