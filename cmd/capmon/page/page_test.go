package page_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/page"
	"github.com/capmon/capmon/cmd/capmon/traceoutput"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

const hostile = "</script><script>alert(1)</script>\"'`<img src=x onerror=alert(1)>\u202e\x1b]0;x\a"

// report is a discovery with so many checks, all of them different.
func report(checks int, name string) discover.Report {
	refused := trace.Check{Process: trace.Process{PID: 2, PPID: 1, Comm: name}, Cap: caps.SysChroot, Verdict: trace.Fail, Audited: true,
		InitialNS: true, OwnCreds: true, Syscall: "chroot", Returned: true, Return: -1, Function: "__x64_sys_chroot", Stack: []string{"capable", "ksys_chroot"}, Count: 1}
	first := discover.Attempt{Exit: 1, Outcome: "exit 1", Output: name, Checks: []trace.Check{refused}}
	second := discover.Attempt{Granted: caps.NewSet(caps.SysChroot), Success: true, Outcome: "exit 0"}
	for i := range checks {
		c := refused
		c.Verdict, c.Return, c.Process.PID, c.Process.PPID = trace.Pass, int64(i), 3+i%100, 2
		c.Stack = []string{fmt.Sprintf("way_%d", i), "ksys_chroot", "do_syscall_64"}
		second.Checks = append(second.Checks, c)
	}
	return discover.Report{
		Schema: discover.Schema, Command: []string{name}, Directory: name, Kernel: "6.18.1", Backend: "tracepoint",
		Result: discover.Result{
			Verdict: discover.Minimal, Narrow: true, Capabilities: caps.NewSet(caps.SysChroot), Elevated: []string{name},
			Evidence: []discover.Evidence{{Cap: caps.SysChroot, FailedWithout: 1, Check: &refused}}, Runs: []discover.Attempt{first, second},
		},
	}
}

func written(t *testing.T, p page.Page) string {
	t.Helper()
	var b bytes.Buffer
	testenv.Must(t, page.Write(&b, p))
	return b.String()
}

// Names are anything, and steer neither the browser nor the display.
func TestHostileNames(t *testing.T) {
	text := written(t, page.OfDiscovery(report(3, hostile)))
	if n := strings.Count(text, "<script"); n != 1 {
		t.Errorf("%d scripts", n)
	}
	for _, bad := range []string{"<img", "onerror=alert(1)>", "\u202e", "\x1b", "style=", "javascript:"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in the page", bad)
		}
	}
}

// The policy allows the style and the script that are in the page, and no other.
func TestPolicy(t *testing.T) {
	text := written(t, page.OfDiscovery(report(3, "chroot")))
	for _, tag := range []string{"style", "script"} {
		content := regexp.MustCompile(`(?s)<` + tag + `>(.*)</` + tag + `>`).FindStringSubmatch(text)
		sum := sha256.Sum256([]byte(content[1]))
		if want := tag + "-src &#39;sha256-" + strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;"); !strings.Contains(text, want) {
			t.Errorf("the policy has not %s", want)
		}
	}
	if regexp.MustCompile(`(src|href)="[^#]`).MatchString(text) {
		t.Error("the page refers to something else")
	}
}

// The answer, its proof and every form are there.
func TestContent(t *testing.T) {
	r := report(3, "chroot")
	text := written(t, page.OfDiscovery(r))
	for _, want := range []string{"chroot needs CAP_SYS_CHROOT (proven: 2 attempts", "without it exit 1: chroot (attempt 1)", `<a href="#stack-1">`, `<details id="stack-1">`,
		"AmbientCapabilities=CAP_SYS_CHROOT", "FAIL</b> CAP_SYS_CHROOT <code>chroot = EPERM"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, format := range emit.Formats() {
		if format != "yaml" && !strings.Contains(text, "<summary>"+format+"</summary>") {
			t.Errorf("%s is missing", format)
		}
	}
}

// A page has a bounded size, and says what it left out.
func TestBounds(t *testing.T) {
	const small, large = 300 << 10, 400 << 10
	thousand := written(t, page.OfDiscovery(report(1000, "chroot")))
	if len(thousand) > small {
		t.Errorf("%d bytes for a thousand checks", len(thousand))
	}
	million := written(t, page.OfDiscovery(report(1_000_000, strings.Repeat("long name ", 100))))
	if len(million) > large || !strings.Contains(million, "999001 more checks") {
		t.Errorf("%d bytes for a million checks", len(million))
	}
	many := traceoutput.Report{Schema: traceoutput.Schema, Command: []string{"x"}}
	var images []trace.Image
	for i := range 5000 {
		images = append(images, trace.Image{Process: trace.Process{PID: i, Comm: "x"}, Parent: i - 1})
	}
	many.Add(trace.Trace{Images: images})
	if text := written(t, page.OfTrace(many)); len(text) > large || !strings.Contains(text, "4500 more processes") {
		t.Errorf("%d bytes for 5000 processes", len(text))
	}
}

// What was kept as JSON becomes the same page.
func TestRead(t *testing.T) {
	r := report(3, "chroot")
	text, err := json.Marshal(r)
	testenv.Must(t, err)
	again, err := page.Read(text)
	testenv.Must(t, err)
	if written(t, again) != written(t, page.OfDiscovery(r)) {
		t.Error("the page of the JSON is another")
	}
	for _, wrong := range []string{"", "x", "[]", "{}", `{"schema": "capmon.doctor/1"}`, `{"schema": "capmon.discover/0"}`} {
		if _, err := page.Read([]byte(wrong)); !errors.Is(err, page.ErrNoReport) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

// A report that somebody has made is no danger either.
func FuzzRead(f *testing.F) {
	text, err := json.Marshal(report(1, "chroot"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"schema":"capmon.trace/1","processes":[{"pid":1,"parent":7},{"pid":1,"parent":1}],"checks":[{"process":{"pid":1,"ppid":1}}]}`))
	f.Add([]byte(`{"schema":"capmon.observe/1","processes":[{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := page.Read(text)
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := page.Write(&b, p); err != nil {
			t.Error(err)
		}
	})
}
