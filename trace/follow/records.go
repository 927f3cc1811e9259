package follow

import (
	"context"
	"time"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/backend"
)

// MostRecords is how many records of one recording are kept one by one: a
// process has about five. Of more, those that differ by their process alone
// are counted as one, the latest, if the processes have the same name. It
// bounds capmon's memory for a command of any number of processes.
const MostRecords = 1 << 15

// drainInterval is the time after which records are taken from the kernel's
// map, so that it does not fill up. A short attempt pays nothing for it.
const drainInterval = 2 * time.Second

// record is a check as the kernel side has it, and the scenario of it.
type record struct {
	backend.Entry[bpf.CommandCheckKey, bpf.CommandCheck]
	scenario trace.Scenario
}

// alike is what records have in common that are counted as one.
type alike struct {
	comm     [16]int8
	site     bpf.CommandSite
	flags    uint16
	error    int16
	scenario trace.Scenario
}

func (r record) alike() alike {
	return alike{r.Value.Comm, r.Key.Site, r.Key.Flags, r.Key.Error, r.scenario}
}

// records are those that were taken from the kernel's map.
type records struct {
	list []record
	// folded is where those alike are in list; nil while all are kept.
	folded map[alike]int
}

func (s *records) add(r record) {
	if s.folded != nil {
		s.fold(r)
		return
	}
	if s.list = append(s.list, r); len(s.list) <= MostRecords {
		return
	}
	all := s.list
	s.list, s.folded = nil, map[alike]int{}
	for _, r := range all {
		s.fold(r)
	}
}

func (s *records) fold(r record) {
	i, known := s.folded[r.alike()]
	if !known {
		s.folded[r.alike()] = len(s.list)
		s.list = append(s.list, r)
		return
	}
	kept := &s.list[i]
	count := kept.Value.Count + r.Value.Count
	if r.Value.First >= kept.Value.First {
		*kept = r
	}
	kept.Value.Count = count
}

// drain takes the records of processes that have ended from the kernel's map:
// what others repeat meanwhile would be lost between the reading and the
// removal. The scenario of what was taken is named later.
func (r *Recording) drain() error {
	ended := map[bpf.CommandImageKey]bool{}
	return r.take(true, func(k bpf.CommandCheckKey) bool {
		known, looked := ended[k.Image]
		if !looked {
			var image bpf.CommandImage
			err := r.tracer.maps.Images.Lookup(k.Image, &image)
			known = err == nil && image.End != 0
			ended[k.Image] = known
		}
		return known
	})
}

// take takes the records that are wanted from the kernel's map. running says
// whether processes may be making checks.
func (r *Recording) take(running bool, wanted func(bpf.CommandCheckKey) bool) error {
	entries, err := backend.Take[bpf.CommandCheckKey, bpf.CommandCheck](r.tracer.maps.Checks,
		func(k bpf.CommandCheckKey) bool { return k.Image.Attempt == r.attempt && wanted(k) })
	if err == nil {
		// After the taking: what repeats a check that is taken is counted
		// nowhere else from then on.
		_, err = r.tracer.tallies.Read(r.tracer.repeats, running)
	}
	for _, entry := range entries {
		entry.Value.Count += r.tracer.repeats[entry.Key]
		delete(r.tracer.repeats, entry.Key)
		r.unnamed.add(record{Entry: entry})
	}
	return err
}

// Mark says that what was checked since the beginning, or the last Mark, was
// checked in the scenario of that name.
func (r *Recording) Mark(scenario trace.Scenario) error {
	r.tracer.collecting.Lock()
	defer r.tracer.collecting.Unlock()
	return r.mark(scenario, true)
}

func (r *Recording) mark(scenario trace.Scenario, running bool) error {
	err := r.take(running, func(bpf.CommandCheckKey) bool { return true })
	for _, u := range r.unnamed.list {
		u.scenario = scenario
		r.marked.add(u)
	}
	r.folded = r.folded || r.unnamed.folded != nil || r.marked.folded != nil
	r.unnamed = records{}
	return err
}

// drainAll is drain for every recording, again and again until ctx ends.
func (t *Tracer) drainAll(ctx context.Context) {
	ticks := time.NewTicker(drainInterval)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		for _, r := range t.sysExit.all() {
			t.collecting.Lock()
			// What stays in the map is taken later.
			_ = r.drain()
			t.collecting.Unlock()
		}
	}
}
