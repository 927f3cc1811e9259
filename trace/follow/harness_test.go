package follow

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace/backend"
	"github.com/capmon/capmon/trace/internal/tracetest"
)

// world is what all tests share: a tracer for each backend, since opening one
// takes seconds in a VM, and a copy of the test binary that every user can
// execute, which go test's own directory does not allow.
var world = newShared()

type shared struct {
	tracers map[string]*Tracer
	loader  tracetest.Loader
	dir     string
}

func newShared() *shared {
	s := &shared{tracers: map[string]*Tracer{}}
	s.loader = tracetest.Loader{Names: backend.Names(), Try: func(name string) error {
		_, err := s.open(name)
		return err
	}}
	return s
}

func (s *shared) open(backend string) (*Tracer, error) {
	if tracer := s.tracers[backend]; tracer != nil {
		return tracer, nil
	}
	tracer, err := Open(backend)
	if err == nil {
		s.tracers[backend] = tracer
	}
	return tracer, err
}

func (s *shared) tracer(t *testing.T, backend string) *Tracer {
	t.Helper()
	tracer, err := s.open(backend)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return tracer
}

// binary is the path of the copy.
func (s *shared) binary(t *testing.T) string {
	t.Helper()
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "capmon-trace-test")
		if err != nil {
			t.Fatal(err)
		}
		s.dir = dir
		testenv.Must(t, os.Chmod(dir, 0o755))
		self, err := os.ReadFile("/proc/self/exe")
		testenv.Must(t, err)
		testenv.Must(t, os.WriteFile(filepath.Join(dir, "helper"), self, 0o755))
	}
	return filepath.Join(s.dir, "helper")
}

func (s *shared) close() error {
	var errs []error
	for _, tracer := range s.tracers {
		errs = append(errs, tracer.Close())
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

func testBackends(t *testing.T) []string {
	t.Helper()
	return world.loader.Backends(t)
}

// eachBackend runs a test with every backend that has to load on this kernel.
func eachBackend(t *testing.T, test func(t *testing.T, tracer *Tracer)) {
	t.Helper()
	for _, name := range testBackends(t) {
		t.Run(name, func(t *testing.T) {
			tracer := world.tracer(t, name)
			t.Cleanup(func() { killFollowed(t, tracer) })
			test(t, tracer)
		})
	}
}

// oneBackend runs a test of what does not differ from backend to backend, and
// takes long in a VM.
func oneBackend(t *testing.T, test func(t *testing.T, tracer *Tracer)) {
	t.Helper()
	tracer := world.tracer(t, testBackends(t)[0])
	t.Cleanup(func() { killFollowed(t, tracer) })
	test(t, tracer)
}
