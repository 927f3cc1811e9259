package trace

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// emptyAfter says that a map holds nothing, and what if it does.
func emptyAfter(t *testing.T, name string, m *ebpf.Map) {
	t.Helper()
	var key, value []byte
	entries := m.Iterate()
	n := 0
	for entries.Next(&key, &value) {
		n++
	}
	must(t, entries.Err())
	if n > 0 {
		t.Errorf("map %s still holds %d entries", name, n)
	}
}

func TestNothingIsLeftOfARecording(t *testing.T) {
	eachBackend(t, func(t *testing.T, shared *Tracer) {
		tracer := openSmall(t, shared.Backend(), nil)
		p := perl(perlAsk + `for (1..20) { $pid = fork // die; if (!$pid) { ask(); exec "/bin/true" if $_ % 2; kill 9, $$ } } 1 while wait > 0; ask()`)
		p.run(t, tracer)
		role(t, "threads", "4", "10").run(t, tracer)
		for _, path := range []string{"/nowhere", "/etc/shadow"} {
			r, err := program{args: []string{path}}.launch(t, tracer)
			if err == nil {
				t.Errorf("%s was executed", path)
			}
			r.collect()
		}
		maps := map[string]*ebpf.Map{
			"armed": tracer.maps.Armed, "followed": tracer.maps.Followed, "images": tracer.maps.Images,
			"calls": tracer.maps.Calls, "checks": tracer.maps.Checks, "pending": tracer.maps.Pending,
		}
		for name, m := range maps {
			emptyAfter(t, name, m)
		}
	})
}

// What does not load says why, and takes nothing else with it.
func TestEveryBackendOpensOrSaysWhy(t *testing.T) {
	loads := testBackends(t)
	for _, name := range Backends() {
		tracer, err := Open(name)
		if err == nil {
			must(t, tracer.Close())
			continue
		}
		var unsupported *UnsupportedError
		if !errors.As(err, &unsupported) || unsupported.Reasons[name] == nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, l := range loads {
			if l == name {
				t.Errorf("%s loads no more: %v", name, err)
			}
		}
	}
}

func TestOpenUnknownBackend(t *testing.T) {
	var unknown *UnknownBackendError
	if _, err := Open("ptrace"); !errors.As(err, &unknown) {
		t.Errorf("error: %v", err)
	}
}

// objects are the ids of what a tracer has in the kernel.
type objects struct {
	programs []ebpf.ProgramID
	links    []link.ID
	maps     []ebpf.MapID
}

func objectsOf(t *testing.T, tracer *Tracer) objects {
	t.Helper()
	var o objects
	for _, p := range tracer.programs {
		info, err := p.Info()
		must(t, err)
		id, ok := info.ID()
		if !ok {
			cannot(t, "this kernel does not tell the ids of eBPF programs")
		}
		o.programs = append(o.programs, id)
	}
	for _, l := range tracer.links {
		// A kprobe is no link of its own on old kernels.
		if info, err := l.Info(); err == nil {
			o.links = append(o.links, info.ID)
		}
	}
	for _, m := range []*ebpf.Map{tracer.maps.Checks, tracer.maps.Stacks, tracer.maps.Lost} {
		info, err := m.Info()
		must(t, err)
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

func TestCloseLeavesNothing(t *testing.T) {
	eachBackend(t, func(t *testing.T, shared *Tracer) {
		tracer, err := Open(shared.Backend())
		must(t, err)
		o := objectsOf(t, tracer)
		all := len(o.programs) + len(o.links) + len(o.maps)
		if n := o.exist(); n != all || len(o.programs) < 5 {
			t.Fatalf("%d of %d are there: %+v", n, all, o)
		}
		must(t, tracer.Close())
		// The kernel frees them when no processor can be running them any
		// more, and tells nobody.
		deadline := time.Now().Add(patience)
		for o.exist() > 0 {
			if time.Now().After(deadline) {
				t.Fatalf("%d of %d are left", o.exist(), all)
			}
			time.Sleep(time.Millisecond)
		}
		// What is not closed must not be closed by the garbage collector.
		runtime.KeepAlive(tracer)
	})
}
