// Package follow watches the capability checks of a command and of all that
// it starts.
//
// To run a command and have its checks, use package traced.
//
//	tracer, err := follow.Open("")
//	...
//	var recording *follow.Recording
//	process, err := keeper.Launch(ctx, spec, func(tid int) (err error) {
//		recording, err = tracer.Arm(tid)
//		return err
//	})
//	...
//	seen, err := recording.Collect()
package follow

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cilium/ebpf"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/backend"
)

// Tracer watches the processes of commands; each command is one Recording. Its
// programs stay attached from Open to Close, but for the one on sys_exit.
type Tracer struct {
	programs *backend.Programs
	maps     bpf.CommandMaps

	syscalls trace.Syscalls
	symbols  backend.Symbols

	tallies *backend.Tallies[bpf.CommandCheckKey]

	collecting sync.Mutex
	// repeats has what was counted beside the kernel's map of checks, of checks
	// that are still there.
	repeats     map[bpf.CommandCheckKey]uint64
	mu          sync.Mutex
	lastAttempt uint32
	sysExit     sysExit
	stacks      stacks
	// endDraining ends the goroutine of drainAll, for which draining waits.
	endDraining context.CancelFunc
	draining    sync.WaitGroup
}

// Open loads the backend of that name, or with "" the best one that loads,
// and attaches its programs. Nothing is recorded until a thread is armed.
func Open(name string) (*Tracer, error) { return OpenWith(bpf.ReadTypes(), name) }

// OpenWith is Open for a caller that loads other programs too.
func OpenWith(types *bpf.Types, name string) (*Tracer, error) {
	spec, err := commandSpec()
	if err != nil {
		return nil, err
	}
	return backend.Open(types, name, func(b backend.Backend) (*Tracer, error) {
		return openSpec(types, b, spec.Copy())
	})
}

func commandSpec() (*ebpf.CollectionSpec, error) {
	spec, err := bpf.LoadCommand()
	if err != nil {
		return nil, fmt.Errorf("read eBPF programs: %w", err)
	}
	return spec, nil
}

func openSpec(types *bpf.Types, b backend.Backend, spec *ebpf.CollectionSpec) (*Tracer, error) {
	t, err := load(types, b, spec)
	if err != nil {
		return nil, err
	}
	if err := t.attach(); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// load returns a tracer that is not yet attached.
func load(types *bpf.Types, b backend.Backend, spec *ebpf.CollectionSpec) (*Tracer, error) {
	names, err := trace.NewSyscalls()
	if err != nil {
		return nil, err
	}
	var loaded struct {
		bpf.CommandMaps
		Turn *ebpf.Variable `ebpf:"turn"`
	}
	t := &Tracer{syscalls: names, stacks: newStacks(), repeats: map[bpf.CommandCheckKey]uint64{}}
	if t.programs, err = backend.Load(types, b, spec, &loaded); err != nil {
		return nil, err
	}
	t.maps = loaded.CommandMaps
	if t.tallies, err = backend.NewTallies[bpf.CommandCheckKey](t.maps.Repeats, t.maps.Fences, loaded.Turn, spec); err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// attach makes the programs run, but for that which sysExit attaches.
func (t *Tracer) attach() error {
	if err := t.programs.Attach(bpf.CommandProgOnSysExit); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.endDraining = cancel
	t.draining.Go(func() { t.drainAll(ctx) })
	return nil
}

// Backend is the name of the backend that was loaded.
func (t *Tracer) Backend() string { return t.programs.Backend.Name }

// Close detaches and unloads everything. Without a tracer it does nothing.
func (t *Tracer) Close() error {
	if t == nil {
		return nil
	}
	if t.endDraining != nil {
		t.endDraining()
		t.draining.Wait()
	}
	return errors.Join(t.sysExit.close(), t.tallies.Close(), t.programs.Close(), t.symbols.Close(), t.maps.Close())
}
