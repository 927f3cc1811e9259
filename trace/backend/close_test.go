package backend

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace/internal/tracetest"
)

// objects are the ids of what a backend has in the kernel.
type objects struct {
	programs []ebpf.ProgramID
	links    []link.ID
	maps     []ebpf.MapID
}

func objectsOf(t *testing.T, loaded *Programs, maps *bpf.CommandMaps) objects {
	t.Helper()
	var o objects
	for _, p := range loaded.programs {
		info, err := p.Info()
		testenv.Must(t, err)
		id, ok := info.ID()
		if !ok {
			testenv.Cannot(t, "this kernel does not tell the ids of eBPF programs")
		}
		o.programs = append(o.programs, id)
	}
	for _, l := range loaded.links {
		// A kprobe is no link of its own on old kernels.
		if info, err := l.Info(); err == nil {
			o.links = append(o.links, info.ID)
		}
	}
	for _, m := range []*ebpf.Map{maps.Checks, maps.Stacks, maps.Lost} {
		info, err := m.Info()
		testenv.Must(t, err)
		id, _ := info.ID()
		o.maps = append(o.maps, id)
	}
	return o
}

// exist counts those that the kernel still has.
func (o objects) exist() int {
	n := 0
	for _, id := range o.programs {
		if p, err := ebpf.NewProgramFromID(id); !errors.Is(err, os.ErrNotExist) {
			p.Close()
			n++
		}
	}
	for _, id := range o.links {
		if l, err := link.NewFromID(id); !errors.Is(err, os.ErrNotExist) {
			l.Close()
			n++
		}
	}
	for _, id := range o.maps {
		if m, err := ebpf.NewMapFromID(id); !errors.Is(err, os.ErrNotExist) {
			m.Close()
			n++
		}
	}
	return n
}

// load loads what follows a command.
func load(name string, maps *bpf.CommandMaps) (*Programs, error) {
	b, err := Find(name)
	if err != nil {
		return nil, err
	}
	spec, err := bpf.LoadCommand()
	if err != nil {
		return nil, err
	}
	p, err := Load(bpf.ReadTypes(), b, spec, maps)
	if err != nil {
		return nil, err
	}
	return p, p.Attach()
}

func closeAll(p *Programs, maps *bpf.CommandMaps) error {
	return errors.Join(p.Close(), maps.Close())
}

func TestCloseLeavesNothing(t *testing.T) {
	loader := tracetest.Loader{Names: Names(), Try: func(name string) error {
		var maps bpf.CommandMaps
		p, err := load(name, &maps)
		return errors.Join(err, closeAll(p, &maps))
	}}
	for _, name := range loader.Backends(t) {
		t.Run(name, func(t *testing.T) {
			var maps bpf.CommandMaps
			p, err := load(name, &maps)
			testenv.Must(t, err)
			o := objectsOf(t, p, &maps)
			all := len(o.programs) + len(o.links) + len(o.maps)
			if n := o.exist(); n != all || len(o.programs) < 5 {
				t.Fatalf("%d of %d are there: %+v", n, all, o)
			}
			testenv.Must(t, closeAll(p, &maps))
			// The kernel frees them when no processor can be running them any
			// more, and tells nobody.
			deadline := time.Now().Add(time.Minute)
			for o.exist() > 0 {
				if time.Now().After(deadline) {
					t.Fatalf("%d of %d are left", o.exist(), all)
				}
				time.Sleep(time.Millisecond)
			}
			// What is not closed must not be closed by the garbage collector.
			runtime.KeepAlive(p)
		})
	}
}
