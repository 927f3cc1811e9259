package monitor

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"

	"github.com/capmon/capmon/bpf"
)

// windowBatch is how many entries one system call reads. A hash bucket must
// fit in it.
const windowBatch = 4096

// window is where the kernel counts checks that are alike: one of two hash
// tables, which change places whenever it is read.
type window struct {
	outer   *ebpf.Map
	tables  [2]*ebpf.Map
	tallies *ebpf.Map
	// turn counts the windows. Its lowest bit is the index of the table.
	turn *ebpf.Variable
	now  uint32

	repeats map[bpf.MonitorSeenKey]uint64
	keys    []bpf.MonitorSeenKey
	values  []bpf.MonitorSeen
	records []bpf.MonitorSeenRecord
}

func newWindow(maps *bpf.MonitorMaps, turn *ebpf.Variable, spec *ebpf.MapSpec) (*window, error) {
	w := &window{
		outer: maps.Windows, tallies: maps.Repeats, turn: turn,
		repeats: map[bpf.MonitorSeenKey]uint64{},
		keys:    make([]bpf.MonitorSeenKey, windowBatch), values: make([]bpf.MonitorSeen, windowBatch),
	}
	if err := w.turn.Get(&w.now); err != nil {
		return nil, fmt.Errorf("read turn of checks: %w", err)
	}
	for i := range w.tables {
		table, err := ebpf.NewMap(spec)
		if err != nil {
			w.close()
			return nil, fmt.Errorf("make table of checks: %w", err)
		}
		w.tables[i] = table
		if err := w.install(uint32(i)); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

// install puts a table in its place. When it returns, no program works with
// what it read before (maybe_wait_bpf_programs in kernel/bpf/syscall.c).
func (w *window) install(i uint32) error {
	if err := w.outer.Put(i, w.tables[i]); err != nil {
		return fmt.Errorf("install table of checks: %w", err)
	}
	return nil
}

// next begins another window, and returns the number of the one that is over,
// in which nothing is counted any more.
func (w *window) next() (over uint32, err error) {
	over = w.now
	if err := w.turn.Set(over + 1); err != nil {
		return 0, fmt.Errorf("change table of checks: %w", err)
	}
	w.now++
	return over, w.install(over & 1)
}

// take returns what was counted since it was last called, in the order in
// which it was first seen. The slice is good until the next call.
func (w *window) take() ([]bpf.MonitorSeenRecord, error) {
	over, err := w.next()
	if err != nil {
		return nil, err
	}
	if err := w.readTallies(over); err != nil {
		return nil, err
	}
	w.records = w.records[:0]
	var cursor ebpf.MapBatchCursor
	for {
		n, err := w.tables[over&1].BatchLookupAndDelete(&cursor, w.keys, w.values, nil)
		if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return nil, fmt.Errorf("read table of checks: %w", err)
		}
		for i := range n {
			w.values[i].Count += w.repeats[w.keys[i]]
			w.records = append(w.records, bpf.MonitorSeenRecord{Key: w.keys[i], Seen: w.values[i]})
		}
		if err != nil {
			break
		}
	}
	slices.SortFunc(w.records, func(a, b bpf.MonitorSeenRecord) int {
		return cmp.Compare(a.Seen.First, b.Seen.First)
	})
	return w.records, nil
}

// readTallies reads what was counted beside the table. All of it is in the
// table, too, which knows no more than that it was seen.
func (w *window) readTallies(over uint32) error {
	clear(w.repeats)
	var perCPU []bpf.MonitorTallies
	if err := w.tallies.Lookup(over&1, &perCPU); err != nil {
		return fmt.Errorf("read repeated checks: %w", err)
	}
	for i := range perCPU {
		t := &perCPU[i]
		if t.Turn != over {
			continue
		}
		for _, kind := range t.Kinds[:min(t.Used, uint32(len(t.Kinds)))] {
			w.repeats[kind.Key] += kind.Count
		}
	}
	return nil
}

func (w *window) close() error {
	var errs []error
	for _, table := range w.tables {
		if table != nil {
			errs = append(errs, table.Close())
		}
	}
	return errors.Join(errs...)
}
