package monitor

import (
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/backend"
)

// maxPlaces is how many places are remembered before all are forgotten, to
// be walked anew. It is less than the kernel side has room for.
const maxPlaces = 6000

// place is what the stack of the first check there says of all of them.
type place struct {
	function string
	audited  bool
}

// purpose is what makes places the same to a user: the kernel side may tell
// more of them apart.
type purpose struct {
	place
	nr          int32
	cap, compat uint8
}

// places names the places in the kernel where checks are made.
type places struct {
	stacks *ebpf.Map
	// generation is to change with stacks: the programs remember what they
	// found there.
	generation *ebpf.Variable
	symbols    *backend.Symbols
	known      map[bpf.MonitorSite]place
	first      map[purpose]bpf.MonitorSite
	// missed: the kernel side had no room for some place.
	missed bool
}

func newPlaces(stacks *ebpf.Map, generation *ebpf.Variable, symbols *backend.Symbols) *places {
	return &places{
		stacks: stacks, generation: generation, symbols: symbols,
		known: map[bpf.MonitorSite]place{}, first: map[purpose]bpf.MonitorSite{},
	}
}

// find returns what is known of a place, and the site that stands for all
// that are the same; the kernel uses that one from now on. With hide it also
// makes the kernel leave out all further checks of a place that is not
// audited.
func (p *places) find(site bpf.MonitorSite, hide bool) (bpf.MonitorSite, place, error) {
	found, known := p.known[site]
	purpose := purpose{found, site.Nr, site.Cap, site.Compat}
	if known {
		return p.first[purpose], found, nil
	}
	var raw bpf.MonitorPlace
	if err := p.stacks.Lookup(site, &raw); backend.IsMissing(err) {
		p.missed = true
		return site, place{audited: true}, nil
	} else if err != nil {
		return site, place{}, fmt.Errorf("read kernel stacks: %w", err)
	}
	stack, err := p.symbols.Stack(raw.Stack.Ips[:min(raw.Stack.Frames, uint64(len(raw.Stack.Ips)))])
	if err != nil {
		return site, place{}, err
	}
	found = place{trace.Asker(stack), trace.AuditedByStack(stack)}
	p.known[site] = found
	purpose.place = found
	first, ok := p.first[purpose]
	if !ok {
		first = site
		p.first[purpose] = first
	}
	raw.Path = first.Path
	if hide && !found.audited {
		raw.Hidden = 1
	}
	if err := p.stacks.Put(site, raw); err != nil {
		return site, place{}, fmt.Errorf("mark kernel stack: %w", err)
	}
	return first, found, p.changed()
}

// tidy forgets everything when there is no room for more. It is called when
// nothing waits that was seen.
func (p *places) tidy() error {
	if !p.missed && len(p.known) < maxPlaces {
		return nil
	}
	p.missed = false
	clear(p.known)
	clear(p.first)
	if _, err := backend.Take[bpf.MonitorSite, bpf.MonitorPlace](p.stacks, func(bpf.MonitorSite) bool { return true }); err != nil {
		return err
	}
	return p.changed()
}

// changed has the programs look at stacks again.
func (p *places) changed() error {
	var generation uint32
	if err := p.generation.Get(&generation); err != nil {
		return fmt.Errorf("read generation of kernel stacks: %w", err)
	}
	// 0 stands for what was never looked up.
	if err := p.generation.Set(max(generation+1, 1)); err != nil {
		return fmt.Errorf("set generation of kernel stacks: %w", err)
	}
	return nil
}
