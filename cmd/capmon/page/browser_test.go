package page_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/observeoutput"
	"github.com/capmon/capmon/cmd/capmon/page"
	"github.com/capmon/capmon/cmd/capmon/traceoutput"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/compare"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/observe"
)

// envPages keeps the pages and the screenshots in a directory, to be looked at.
const envPages = "CAPMON_PAGES"

// A browser shows the pages to everybody, without a complaint, and copies.
func TestBrowser(t *testing.T) {
	testenv.NeedFile(t, "/usr/bin/chromium", "chromium")
	testenv.NeedProgram(t, "npm", "npm")
	scripts, err := filepath.Abs("../../../scripts/page")
	testenv.Must(t, err)
	dir := os.Getenv(envPages)
	if dir == "" {
		dir = t.TempDir()
	}
	r := report(40, "chroot / true")
	seen := traceoutput.Report{Schema: traceoutput.Schema, Command: []string{hostile}, Exit: 1}
	seen.Add(trace.Trace{
		Images: []trace.Image{{Process: trace.Process{PID: 1, Comm: "sh"}, Parent: -1}, {Process: trace.Process{PID: 2, Comm: hostile}, Parent: 0}},
		Checks: report(5, "x").Runs[1].Checks,
	})
	observed := observeoutput.Report{Target: "unit x", Proof: observe.Proof, Since: time.Unix(0, 0), Processes: []observe.Process{
		{Process: trace.Process{PID: 1, Comm: "x"}, Used: []observe.Count{{Cap: caps.Chown, Count: 2, Syscall: "chown"}}}}}
	unproven := r
	unproven.Verdict, unproven.Reason = discover.Sufficient, "stopped after 3 attempts"
	both, names := []discover.Report{r, unproven}, []string{"a.json", "b.json"}
	for name, p := range map[string]page.Page{
		"discovery": page.OfDiscovery(r), "hostile": page.OfDiscovery(report(3, hostile)), "unproven": page.OfDiscovery(unproven),
		"trace": page.OfTrace(seen), "observed": page.OfObservation(observed), "merged": page.OfMerged(compare.Merge(both, names), both, names, r),
	} {
		testenv.Must(t, os.WriteFile(filepath.Join(dir, name+".html"), []byte(written(t, p)), 0o644))
	}
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = scripts
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	run("npm", "ci", "--no-audit", "--no-fund", "--silent")
	run("node", "test.mjs", dir)
}
