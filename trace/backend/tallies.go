package backend

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/capmon/capmon/bpf"
)

// Tallies are the counts that each processor keeps of checks that repeat, beside
// the table of all processors (bpf/tallies.h). K is a key of that table.
type Tallies[K comparable] struct {
	lists, fences *ebpf.Map
	fence         *ebpf.Map // to be put there
	// turn counts the readings. Its lowest bit says which lists are in use.
	turn *ebpf.Variable
	now  uint32
}

// tallyList is struct tallies.
type tallyList[K comparable] struct {
	Turn, Used uint32
	Kinds      [len(bpf.CommandTallies{}.Kinds)]struct {
		Key   K
		Count uint64
	}
}

// NewTallies reads the tallies of what was loaded from spec: its maps repeats and
// fences, which the caller closes, and its variable turn.
func NewTallies[K comparable](lists, fences *ebpf.Map, turn *ebpf.Variable, spec *ebpf.CollectionSpec) (*Tallies[K], error) {
	fence, err := ebpf.NewMap(spec.Maps[bpf.CommandMapFences].InnerMap)
	if err != nil {
		return nil, fmt.Errorf("make eBPF map: %w", err)
	}
	t := &Tallies[K]{lists: lists, fences: fences, fence: fence, turn: turn}
	if err := t.turn.Get(&t.now); err != nil {
		return nil, errors.Join(fmt.Errorf("read turn of tallies: %w", err), t.Close())
	}
	return t, nil
}

// Read begins another turn, and adds what was counted in the one that is over,
// whose number it returns, to counts. With wait nothing is counted in it any more
// when Read returns; without, nobody may be counting.
func (t *Tallies[K]) Read(counts map[K]uint64, wait bool) (over uint32, err error) {
	over = t.now
	if err := t.turn.Set(over + 1); err != nil {
		return 0, fmt.Errorf("change turn of tallies: %w", err)
	}
	t.now++
	if wait {
		// It returns when no program works with what it read before
		// (maybe_wait_bpf_programs() in kernel/bpf/syscall.c).
		if err := t.fences.Put(uint32(0), t.fence); err != nil {
			return 0, fmt.Errorf("wait for eBPF programs: %w", err)
		}
	}
	var perCPU []tallyList[K]
	if err := t.lists.Lookup(over&1, &perCPU); err != nil {
		return 0, fmt.Errorf("read tallies: %w", err)
	}
	for i := range perCPU {
		list := &perCPU[i]
		if list.Turn != over {
			continue
		}
		for _, kind := range list.Kinds[:min(list.Used, uint32(len(list.Kinds)))] {
			if kind.Count > 0 {
				counts[kind.Key] += kind.Count
			}
		}
	}
	return over, nil
}

// Close closes what was made for the reading. Without tallies it does nothing.
func (t *Tallies[K]) Close() error {
	if t == nil {
		return nil
	}
	return t.fence.Close()
}
