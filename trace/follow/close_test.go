package follow

import (
	"errors"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace/backend"
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
	testenv.Must(t, entries.Err())
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
	for _, name := range backend.Names() {
		tracer, err := Open(name)
		if err == nil {
			testenv.Must(t, tracer.Close())
			continue
		}
		var unsupported *backend.UnsupportedError
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
	var unknown *backend.UnknownError
	if _, err := Open("ptrace"); !errors.As(err, &unknown) {
		t.Errorf("error: %v", err)
	}
}
