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
	current int

	keys    []bpf.MonitorSeenKey
	values  []bpf.MonitorSeen
	records []bpf.MonitorSeenRecord
}

func newWindow(outer *ebpf.Map, spec *ebpf.MapSpec) (*window, error) {
	w := &window{
		outer: outer,
		keys:  make([]bpf.MonitorSeenKey, windowBatch), values: make([]bpf.MonitorSeen, windowBatch),
	}
	for i := range w.tables {
		table, err := ebpf.NewMap(spec)
		if err != nil {
			w.close()
			return nil, fmt.Errorf("make table of checks: %w", err)
		}
		w.tables[i] = table
	}
	return w, w.install(0)
}

// install makes the kernel count in table i. When it returns, no program
// counts in the other any more (maybe_wait_bpf_programs in kernel/bpf/syscall.c).
func (w *window) install(i int) error {
	if err := w.outer.Put(uint32(0), w.tables[i]); err != nil {
		return fmt.Errorf("change table of checks: %w", err)
	}
	w.current = i
	return nil
}

// take returns what was counted since it was last called, in the order in
// which it was first seen. The slice is good until the next call.
func (w *window) take() ([]bpf.MonitorSeenRecord, error) {
	full := w.tables[w.current]
	if err := w.install(1 - w.current); err != nil {
		return nil, err
	}
	w.records = w.records[:0]
	var cursor ebpf.MapBatchCursor
	for {
		n, err := full.BatchLookupAndDelete(&cursor, w.keys, w.values, nil)
		if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return nil, fmt.Errorf("read table of checks: %w", err)
		}
		for i := range n {
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

func (w *window) close() error {
	var errs []error
	for _, table := range w.tables {
		if table != nil {
			errs = append(errs, table.Close())
		}
	}
	return errors.Join(errs...)
}
