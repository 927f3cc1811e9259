package monitor

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/trace/backend"
)

// windowBatch is how many entries one system call reads. A hash bucket must
// fit in it.
const windowBatch = 4096

// window is where the kernel counts checks that are alike: one of two hash
// tables, which change places whenever it is read.
type window struct {
	// tables take turns, and so do tallies.
	tables  [2]*ebpf.Map
	tallies *backend.Tallies[bpf.MonitorSeenKey]

	repeats map[bpf.MonitorSeenKey]uint64
	keys    []bpf.MonitorSeenKey
	values  []bpf.MonitorSeen
	records []bpf.MonitorSeenRecord
}

func newWindow(maps *bpf.MonitorMaps, turn *ebpf.Variable, spec *ebpf.CollectionSpec) (_ *window, err error) {
	w := &window{
		repeats: map[bpf.MonitorSeenKey]uint64{},
		keys:    make([]bpf.MonitorSeenKey, windowBatch), values: make([]bpf.MonitorSeen, windowBatch),
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.tallies, err = backend.NewTallies[bpf.MonitorSeenKey](maps.Repeats, maps.Fences, turn, spec); err != nil {
		return nil, err
	}
	for i := range w.tables {
		if w.tables[i], err = ebpf.NewMap(spec.Maps[bpf.MonitorMapWindows].InnerMap); err != nil {
			return nil, fmt.Errorf("make table of checks: %w", err)
		}
		if err := maps.Windows.Put(uint32(i), w.tables[i]); err != nil {
			return nil, fmt.Errorf("install table of checks: %w", err)
		}
	}
	return w, nil
}

// take returns what was counted since it was last called, in the order in
// which it was first seen. The slice is good until the next call.
func (w *window) take() ([]bpf.MonitorSeenRecord, error) {
	clear(w.repeats)
	over, err := w.tallies.Read(w.repeats, true)
	if err != nil {
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

func (w *window) close() error {
	errs := []error{w.tallies.Close()}
	for _, table := range w.tables {
		if table != nil {
			errs = append(errs, table.Close())
		}
	}
	return errors.Join(errs...)
}
