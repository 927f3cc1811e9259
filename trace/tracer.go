package trace

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/capmon/capmon/bpf"
)

// Tracer watches the processes of commands. Its programs stay attached from
// Open to Close; each command is one Recording.
type Tracer struct {
	backend  backend
	maps     bpf.CommandMaps
	names    []string // of the programs
	programs []*ebpf.Program
	links    []link.Link

	syscalls syscallNames
	symbols  func() (*symbols, error)

	collecting  sync.Mutex
	mu          sync.Mutex
	lastAttempt uint32
	lastLost    uint64
	stacks      map[bpf.CommandSite][]string
}

func open(b backend) (*Tracer, error) {
	spec, err := commandSpec(b)
	if err != nil {
		return nil, err
	}
	return openSpec(b, spec)
}

func openSpec(b backend, spec *ebpf.CollectionSpec) (*Tracer, error) {
	t, err := loadSpec(b, spec)
	if err != nil {
		return nil, err
	}
	if err := t.attach(); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// loadSpec is a tracer that is not yet attached.
func loadSpec(b backend, spec *ebpf.CollectionSpec) (*Tracer, error) {
	names, err := newSyscallNames()
	if err != nil {
		return nil, err
	}
	if err := setThreadSize(spec); err != nil {
		return nil, err
	}
	t := &Tracer{backend: b, syscalls: names, stacks: map[bpf.CommandSite][]string{}}
	if err := t.load(spec); err != nil {
		t.Close()
		return nil, err
	}
	// Symbols take some 100 ms to read: do it while the first attempt runs.
	t.symbols = symbolReader()
	go t.symbols()
	return t, nil
}

// load loads the programs.
func (t *Tracer) load(spec *ebpf.CollectionSpec) error {
	collection, err := ebpf.NewCollection(spec)
	if err != nil {
		return fmt.Errorf("load eBPF programs: %w", err)
	}
	defer collection.Close()
	if err := collection.Assign(&t.maps); err != nil {
		return fmt.Errorf("load eBPF maps: %w", err)
	}
	for _, name := range attachOrder(spec) {
		t.names = append(t.names, name)
		t.programs = append(t.programs, collection.DetachProgram(name))
	}
	return nil
}

// attachOrder lists the programs in the order in which to attach them. A probe
// that is attached later runs before those at the same place, and that on
// entry must see the caller before that on return has put itself between them.
func attachOrder(spec *ebpf.CollectionSpec) []string {
	names := slices.Sorted(maps.Keys(spec.Programs))
	slices.Reverse(names)
	return names
}

// attach attaches what was loaded.
func (t *Tracer) attach() error {
	for i, program := range t.programs {
		l, err := attach(t.names[i], program)
		if err != nil {
			return fmt.Errorf("attach %s: %w", t.names[i], err)
		}
		t.links = append(t.links, l)
	}
	return nil
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

// Backend is the name of the backend that was loaded.
func (t *Tracer) Backend() string { return t.backend.name }

// Close detaches and unloads everything. Without a tracer it does nothing.
func (t *Tracer) Close() error {
	if t == nil {
		return nil
	}
	var errs []error
	for _, l := range t.links {
		errs = append(errs, l.Close())
	}
	for _, p := range t.programs {
		errs = append(errs, p.Close())
	}
	return errors.Join(append(errs, t.maps.Close())...)
}

// Recording is what is seen of one command.
type Recording struct {
	tracer  *Tracer
	attempt uint32
	tid     uint32
	start   time.Duration
}

// Arm follows the next process that the thread tid forks, and all its
// descendants. They are recorded from that process's exec on, the exec
// included.
func (t *Tracer) Arm(tid int) (*Recording, error) {
	t.mu.Lock()
	t.lastAttempt++
	r := &Recording{tracer: t, attempt: t.lastAttempt, tid: uint32(tid), start: monotonic()}
	t.mu.Unlock()
	if err := t.maps.Armed.Put(r.tid, r.attempt); err != nil {
		return nil, fmt.Errorf("arm tracer: %w", err)
	}
	return r, nil
}

// Disarm ends the following of new children of the armed thread. What was
// forked stays followed.
func (r *Recording) Disarm() error {
	if err := r.tracer.maps.Armed.Delete(r.tid); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("disarm tracer: %w", err)
	}
	return nil
}
