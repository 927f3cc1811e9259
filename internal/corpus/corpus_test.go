package corpus

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

// TestCapabilities discovers the small commands.
func TestCapabilities(t *testing.T) { runTable(t, "capabilities", Capabilities()) }

// TestPrograms discovers whole programs, on the host.
func TestPrograms(t *testing.T) {
	runTable(t, "programs", Programs())
}

// runTable runs each case that can run here, with each backend that has to
// work here, and keeps the results.
func runTable(t *testing.T, name string, table []Case) {
	if os.Geteuid() != 0 {
		skip(t, "granting capabilities needs root: run the tests with sudo")
	}
	table = selected(table)
	if len(table) == 0 {
		t.Fatalf("no case is to run on the %s", place())
	}
	var results []Result
	for _, backend := range backends() {
		t.Run(cmp.Or(backend, "best"), func(t *testing.T) {
			for _, c := range table {
				t.Run(c.Name, func(t *testing.T) {
					needs(t, c)
					results = append(results, runCase(t, c, backend))
				})
			}
		})
	}
	dir := os.Getenv(envOut)
	if dir == "" {
		return
	}
	if err := Write(dir, name+"-"+kernelRelease(), results); err != nil {
		t.Error(err)
	}
}

// runCase discovers one case, and compares.
func runCase(t *testing.T, c Case, backend string) Result {
	want, err := c.Set()
	if err != nil {
		t.Fatal(err)
	}
	r, seconds := find(t, c, backend)
	result := NewResult(c, r, seconds)
	compare(t, c, r, want)
	if os.Getenv(envRun) == "search" {
		result.Searched = true
		searchAll(t, c, want)
	}
	if c.Program != "" {
		if result.Grants, err = Grants(c.Program, c.Unit); err != nil {
			t.Error(err)
		}
	}
	return result
}

func compare(t *testing.T, c Case, r controller.Report, want caps.Set) {
	t.Helper()
	if r.Verdict != controller.Minimal || !r.Narrow || r.Capabilities != want {
		t.Errorf("found %s (narrow %t) %q (%s), want %q by %s", r.Verdict, r.Narrow, r.Capabilities, r.Reason, want, c.Source)
	}
	if r.NeedsRoot != c.InsistsOnRoot {
		t.Errorf("needs to be uid 0: %t, want %t", r.NeedsRoot, c.InsistsOnRoot)
	}
	if r.Lost != 0 {
		t.Errorf("%d records lost", r.Lost)
	}
	if !t.Failed() {
		return
	}
	for i, a := range r.Runs {
		t.Logf("attempt %d  %q  %s\n%s", i+1, a.Granted, a.Outcome, a.Output)
		for _, check := range a.Checks {
			// The rest are tests for overcommitted memory, on every mmap.
			if check.Verdict == trace.Fail && (check.Audited || check.Errno() != 0) {
				t.Logf("  [FAIL] %s %s pid %d %s = %d < %s", check.Cap, check.Process.Comm, check.Process.PID, check.Syscall, check.Return, check.Function)
			}
		}
	}
}

// selected are the cases that are to run on this kernel and in this place, the
// slow ones only for make corpus, and on the host.
func selected(table []Case) []Case {
	return slices.DeleteFunc(slices.Clone(table), func(c Case) bool {
		elsewhere := c.On != Anywhere && c.On != place()
		return elsewhere || !ofThisKernel(c) || c.Slow && (os.Getenv(envRun) == "" || place() == Guest)
	})
}

// needs ends a test that cannot run here.
func needs(t *testing.T, c Case) {
	t.Helper()
	want, err := c.Set()
	if err != nil {
		t.Fatal(err)
	}
	if lacking := want.Minus(launch.Grantable()); lacking != 0 {
		skip(t, "root does not hold "+lacking.String())
	}
	if tools := missing(c); len(tools) > 0 {
		skip(t, "not installed: "+strings.Join(tools, ", ")+": run scripts/corpus.sh install")
	}
}

func ofThisKernel(c Case) bool {
	release := kernelRelease()
	return (c.Since == "" || compareVersions(release, c.Since) >= 0) &&
		(c.Before == "" || compareVersions(release, c.Before) < 0)
}

// compareVersions compares major and minor numbers.
func compareVersions(a, b string) int {
	var x, y [2]int
	// What cannot be read is 0, and older than all.
	_, _ = fmt.Sscanf(a, "%d.%d", &x[0], &x[1])
	_, _ = fmt.Sscanf(b, "%d.%d", &y[0], &y[1])
	return slices.Compare(x[:], y[:])
}

// smallTools are what the small commands are made of.
var smallTools = []string{
	"perl", "ip", "setpriv", "setcap", "chattr", "hostname", "dmesg", "chrt", "taskset", "renice", "ionice",
	"ipcmk", "unshare", "nsenter", "prlimit", "setsid",
}

// missing returns the programs that the case needs and that are not there.
func missing(c Case) []string {
	tools := smallTools
	if c.Program != "" {
		tools = append(slices.Clone(tools), c.Program)
	}
	return slices.DeleteFunc(slices.Clone(tools), func(tool string) bool {
		_, err := exec.LookPath(tool)
		return err == nil
	})
}

// skip skips a test, and fails it where everything has to be there.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv(envRun) != "" {
		t.Fatal(why)
	}
	testenv.Cannot(t, why)
}

func place() Place { return cmp.Or(Place(os.Getenv(envPlace)), Host) }

// backends are those that must work here: on a virtual machine of the tests
// those that it was started for, else the best there is.
func backends() []string {
	if names := testenv.Backends(); names != nil {
		return names
	}
	return []string{""}
}

// TestTable looks for holes in the tables.
func TestTable(t *testing.T) {
	covered, names := caps.Set(0), map[string]bool{}
	for _, c := range slices.Concat(Capabilities(), Programs()) {
		set, err := c.Set()
		if err != nil {
			t.Error(err)
		}
		if names[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		if names[c.Name] = true; c.Source == "" {
			t.Errorf("%q has no source", c.Name)
		}
		if (c.On == Anywhere) != (c.Why == "") {
			t.Errorf("%q: where it cannot run and why go together", c.Name)
		}
		if _, err := c.In("/dir"); err != nil {
			t.Error(err)
		}
		covered |= set
	}
	for _, u := range NeverDecided() {
		c, err := caps.Parse(u.Cap)
		if err != nil {
			t.Error(err)
		}
		covered = covered.With(c)
	}
	for c := caps.Cap(0); c < caps.Cap(cap.NamedCount); c++ {
		if !covered.Has(c) {
			t.Errorf("no case needs %s", c)
		}
	}
}
