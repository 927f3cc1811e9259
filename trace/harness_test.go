package trace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// backendsEnv names the backends that must load, separated by commas.
const backendsEnv = "CAPMON_TEST_BACKENDS"

// tracepointSince is the kernel that brought the tracepoint cap_capable.
var tracepointSince = [2]int{6, 14}

// world is what all tests share: a tracer for each backend, since opening one
// takes seconds in a VM, and a copy of the test binary that every user can
// execute, which go test's own directory does not allow.
var world = &shared{tracers: map[string]*Tracer{}}

type shared struct {
	tracers map[string]*Tracer
	loads   []string
	failed  error
	dir     string
}

func (s *shared) tracer(t *testing.T, backend string) *Tracer {
	t.Helper()
	if tracer := s.tracers[backend]; tracer != nil {
		return tracer
	}
	tracer, err := Open(backend)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	s.tracers[backend] = tracer
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
		must(t, os.Chmod(dir, 0o755))
		self, err := os.ReadFile("/proc/self/exe")
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, "helper"), self, 0o755))
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

// testBackends are the backends to test with: those that must load, or those
// that happen to.
func testBackends(t *testing.T) []string {
	t.Helper()
	if os.Getuid() != 0 {
		cannot(t, "tracing takes root: sudo go test")
	}
	if names := os.Getenv(backendsEnv); names != "" {
		return strings.Split(names, ",")
	}
	loads, err := world.whatLoads()
	if kernelIsSince(t, tracepointSince) && !slices.Contains(loads, "tracepoint") {
		t.Fatalf("the tracepoint does not load: %v", err)
	}
	if len(loads) == 0 {
		cannot(t, "no backend loads here: run scripts/vmtest.sh; "+err.Error())
	}
	return loads
}

// whatLoads tries each backend once, and says why some do not load.
func (s *shared) whatLoads() ([]string, error) {
	if s.loads != nil || s.failed != nil {
		return s.loads, s.failed
	}
	for _, b := range backends {
		tracer, err := open(b)
		if err != nil {
			s.failed = errors.Join(s.failed, fmt.Errorf("%s: %w", b.name, summary(err)))
			continue
		}
		s.tracers[b.name] = tracer
		s.loads = append(s.loads, b.name)
	}
	return s.loads, s.failed
}

func kernelIsSince(t *testing.T, since [2]int) bool {
	t.Helper()
	var name unix.Utsname
	must(t, unix.Uname(&name))
	var major, minor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor); err != nil {
		t.Fatalf("kernel release: %v", err)
	}
	return major > since[0] || major == since[0] && minor >= since[1]
}

// inVM says that the test runs where scripts/vmtest.sh runs it: what it does
// to the machine harms nobody, and everything takes ten times as long.
func inVM() bool { return os.Getenv("CAPMON_TEST_VM") != "" }

// onlyInVM is for a test that has no place elsewhere, in CI either.
func onlyInVM(t *testing.T) {
	t.Helper()
	if !inVM() {
		t.Skip("runs in a VM only: scripts/vmtest.sh")
	}
}

// scaled is how often a thing is to be done that is done n times elsewhere.
func scaled(n int) int {
	if inVM() {
		return n / 10
	}
	return n
}

// cannot ends a test that cannot run here: in CI that is a failure, elsewhere
// it is skipped.
func cannot(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal("cannot run: " + why)
	}
	t.Skip(why)
}

// sysctlIs ends a test for which this machine is set up in another way.
func sysctlIs(t *testing.T, name string, any ...string) {
	t.Helper()
	value, err := os.ReadFile("/proc/sys/" + name)
	must(t, err)
	if got := strings.TrimSpace(string(value)); !slices.Contains(any, got) {
		cannot(t, fmt.Sprintf("%s is %s: set it to %s", name, got, any[0]))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openDir is a directory in which every user can work. t.TempDir's is not.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "capmon-trace-test")
	must(t, err)
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	must(t, os.Chmod(dir, 0o777))
	return dir
}
