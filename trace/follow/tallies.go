package follow

import (
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/capmon/capmon/bpf"
)

// tallies are the counts that each processor keeps of checks that repeat, beside
// the kernel's map of checks. All are read before any of the checks is handed
// on to which they belong.
type tallies struct {
	fences *ebpf.Map
	fence  *ebpf.Map // to be put there
	lists  *ebpf.Map
	// turn counts the readings. Its lowest bit says which lists are in use.
	turn *ebpf.Variable
	// read has what belongs to checks that are still in the kernel's map.
	read map[bpf.CommandCheckKey]uint64
}

// readAll reads what was counted until now, after the checks were taken: what
// repeats one that is taken is counted nowhere else from then on. running says
// whether processes may be counting meanwhile.
func (t *tallies) readAll(running bool) error {
	var over uint32
	if err := t.turn.Get(&over); err != nil {
		return fmt.Errorf("read turn of checks: %w", err)
	}
	if err := t.turn.Set(over + 1); err != nil {
		return fmt.Errorf("change lists of checks: %w", err)
	}
	if running {
		if err := t.waitForPrograms(); err != nil {
			return err
		}
	}
	var perCPU []bpf.CommandTallies
	if err := t.lists.Lookup(over&1, &perCPU); err != nil {
		return fmt.Errorf("read repeated checks: %w", err)
	}
	for i := range perCPU {
		list := &perCPU[i]
		if list.Turn != over {
			continue
		}
		for _, kind := range list.Kinds[:min(list.Used, uint32(len(list.Kinds)))] {
			if kind.Count > 0 {
				t.read[kind.Key] += kind.Count
			}
		}
	}
	return nil
}

// take returns what was counted of a check beside the kernel's map.
func (t *tallies) take(key bpf.CommandCheckKey) uint64 {
	n := t.read[key]
	delete(t.read, key)
	return n
}

// waitForPrograms returns when no program works with what it read before
// (maybe_wait_bpf_programs() in kernel/bpf/syscall.c).
func (t *tallies) waitForPrograms() error {
	if err := t.fences.Put(uint32(0), t.fence); err != nil {
		return fmt.Errorf("wait for eBPF programs: %w", err)
	}
	return nil
}

// close forgets everything. Without tallies it does nothing.
func (t *tallies) close() error { return t.fence.Close() }
