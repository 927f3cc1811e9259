package monitoroutput

import (
	"bytes"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/trace"
)

// However many processes there are, a summary has a bounded size.
func TestSummaryIsBounded(t *testing.T) {
	s := NewSummary(true)
	for pid := 1; pid <= 3*maxGroups; pid++ {
		s.Add(trace.Check{Process: trace.Process{Comm: "many", PID: pid}, Cap: caps.NetAdmin, Verdict: trace.Pass})
	}
	s.Add(trace.Check{Process: trace.Process{Comm: "late", PID: 1}, Cap: caps.SysAdmin, Verdict: trace.Fail})
	// One that is known is still counted where it belongs.
	s.Add(trace.Check{Process: trace.Process{Comm: "many", PID: 1}, Cap: caps.NetAdmin, Verdict: trace.Fail})
	if n := len(s.groups); n != maxGroups {
		t.Errorf("%d groups, want %d", n, maxGroups)
	}
	var b bytes.Buffer
	if err := NewText(&b, terminal.NewScreen(&b, terminal.Auto)).Summary(s, 0); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String()[:60], "[many 1]\n- [FAIL] CAP_NET_ADMIN\n[many 2]\n- [PASS] CAP_NET_A"; !strings.HasPrefix(got, want[:50]) {
		t.Errorf("begins with %q", got)
	}
	if !strings.HasSuffix(b.String(), "[and others]\n- [PASS] CAP_NET_ADMIN\n- [FAIL] CAP_SYS_ADMIN\n") {
		t.Errorf("ends with %q", b.String()[b.Len()-60:])
	}
}
