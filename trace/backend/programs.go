package backend

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/capmon/capmon/bpf"
)

// Programs are a backend's eBPF programs in the kernel.
type Programs struct {
	Backend Backend

	names    []string
	programs []*ebpf.Program
	links    []link.Link
	lost     *ebpf.Map
}

// Load loads those programs of the collection that the backend needs, and
// assigns the collection's maps to the fields of *maps, which the caller
// closes; see ebpf.Collection.Assign. Nothing runs before Attach.
func Load(types *bpf.Types, b Backend, spec *ebpf.CollectionSpec, maps any) (*Programs, error) {
	raiseMemlock()
	b.prune(spec)
	if err := errors.Join(setThreadSize(spec), SetPIDNamespace(spec), fitThreads(types, spec)); err != nil {
		return nil, err
	}
	collection, err := types.Load(spec)
	if err != nil {
		return nil, fmt.Errorf("load eBPF programs: %w", err)
	}
	defer collection.Close()
	p := &Programs{Backend: b, lost: collection.Maps[bpf.CommandMapLost]}
	if err := collection.Assign(maps); err != nil {
		return nil, fmt.Errorf("load eBPF maps: %w", err)
	}
	for _, name := range attachOrder(spec) {
		p.names = append(p.names, name)
		p.programs = append(p.programs, collection.DetachProgram(name))
	}
	return p, nil
}

// attachOrder lists the programs in the order in which to attach them. A probe
// that is attached later runs before those at the same place, and that on
// entry must see the caller before that on return has put itself between them.
func attachOrder(spec *ebpf.CollectionSpec) []string {
	names := slices.Sorted(maps.Keys(spec.Programs))
	slices.Reverse(names)
	return names
}

// Attach makes the programs run, except those of the given names. After an
// error some may.
func (p *Programs) Attach(except ...string) error {
	for i, program := range p.programs {
		if slices.Contains(except, p.names[i]) {
			continue
		}
		l, err := attach(p.names[i], program)
		if err != nil {
			return fmt.Errorf("attach %s: %w", p.names[i], err)
		}
		p.links = append(p.links, l)
	}
	return nil
}

// AttachOne makes the program of that name run until the link is closed.
func (p *Programs) AttachOne(name string) (link.Link, error) {
	i := slices.Index(p.names, name)
	if i < 0 {
		return nil, fmt.Errorf("attach %s: no such program", name)
	}
	l, err := attach(name, p.programs[i])
	if err != nil {
		return nil, fmt.Errorf("attach %s: %w", name, err)
	}
	return l, nil
}

func attach(name string, program *ebpf.Program) (link.Link, error) {
	if symbol, ok := strings.CutSuffix(name, "_entry"); ok {
		return link.Kprobe(symbol, program, nil)
	}
	if symbol, ok := strings.CutSuffix(name, "_return"); ok {
		return link.Kretprobe(symbol, program, nil)
	}
	return link.AttachTracing(link.TracingOptions{Program: program})
}

// Attached says whether programs run.
func (p *Programs) Attached() bool { return len(p.links) > 0 }

// Detach makes the programs run no more. What they recorded stays.
func (p *Programs) Detach() error {
	var errs []error
	for _, l := range p.links {
		errs = append(errs, l.Close())
	}
	p.links = nil
	return errors.Join(errs...)
}

// Lost is how many records were lost since the programs were loaded: those
// that found no room, and those of a hook that could not run because it was
// interrupted by itself (recursion_misses in bpf_prog_info).
func (p *Programs) Lost() (uint64, error) {
	var total uint64
	for kind := range uint32(bpf.CommandLostKindLOST_KINDS) {
		var perCPU []uint64
		if err := p.lost.Lookup(kind, &perCPU); err != nil {
			return 0, fmt.Errorf("read count of lost records: %w", err)
		}
		for _, n := range perCPU {
			total += n
		}
	}
	for _, program := range p.programs {
		stats, err := program.Stats()
		if err != nil {
			return 0, fmt.Errorf("read program statistics: %w", err)
		}
		total += stats.RecursionMisses
	}
	return total, nil
}

// Close detaches and unloads the programs. Without programs it does nothing.
func (p *Programs) Close() error {
	if p == nil {
		return nil
	}
	errs := []error{p.Detach()}
	for _, program := range p.programs {
		errs = append(errs, program.Close())
	}
	return errors.Join(errs...)
}
