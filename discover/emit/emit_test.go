package emit_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
	"github.com/capmon/capmon/trace"
)

// write returns r in a format.
func write(t interface{ Fatal(...any) }, format string, r discover.Report) string {
	var out bytes.Buffer
	if err := emit.Write(&out, format, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// report is about a command that needs what evidence names.
func report(command string, evidence ...discover.Evidence) discover.Report {
	r := discover.Report{
		Schema:  discover.Schema,
		Command: []string{command},
		User:    account.Identity{Name: "daemon", GroupName: "daemon", UID: 1, GID: 1},
		Result:  discover.Result{Verdict: discover.Minimal, Evidence: evidence},
	}
	for _, e := range evidence {
		r.Capabilities = r.Capabilities.With(e.Cap)
	}
	return r
}

// refusal is the evidence of a capability that an executable was refused.
func refusal(name, comm, exe string) discover.Evidence {
	c := check(name, comm, exe)
	return discover.Evidence{Cap: c.Cap, FailedWithout: 1, Check: &c}
}

// check is a refusal as commands are usually refused.
func check(name, comm, exe string) trace.Check {
	c, err := caps.Parse(name)
	if err != nil {
		panic(err)
	}
	return trace.Check{
		Process: trace.Process{PID: 1, Comm: comm, Exe: exe}, Cap: c, Verdict: trace.Fail,
		Audited: true, InitialNS: true, OwnCreds: true,
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteKnowsItsFormats(t *testing.T) {
	if formats := emit.Formats(); !slices.IsSorted(formats) || !slices.Contains(formats, "setcap") {
		t.Errorf("formats are %q", formats)
	}
	for _, format := range emit.Formats() {
		if err := emit.Known(format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if err := emit.Write(brokenWriter{}, format, report("true")); !errors.Is(err, errBroken) {
			t.Errorf("%s: got error %v, want %v", format, err, errBroken)
		}
	}
	for _, format := range []string{"", "SETCAP", "json"} {
		var out bytes.Buffer
		err := emit.Write(&out, format, report("true"))
		if err == nil || !strings.Contains(err.Error(), "setcap, setpriv, systemd") || out.Len() > 0 {
			t.Errorf("%q: got error %v and %q, want the known formats", format, err, out.String())
		}
		if emit.Known(format) == nil {
			t.Errorf("%q is known", format)
		}
	}
}

// commented are the formats with comments.
func commented() []string {
	return slices.DeleteFunc(emit.Formats(), func(format string) bool {
		return slices.Contains([]string{"markdown", "oci", "yaml"}, format)
	})
}

// TestNothingToGrant is about reports without a set to write down: comments
// only, and the reason among them.
func TestNothingToGrant(t *testing.T) {
	r := report("ip link", refusal("net_admin", "ip", "/usr/sbin/ip"))
	r.Verdict, r.Reason = discover.NotFound, "needs CAP_NET_ADMIN\nrm -rf /"
	r.Unheld = caps.NewSet(caps.NetAdmin)
	r.Refused = caps.NewSet(caps.NetAdmin, caps.BPF)
	unknown := r
	unknown.Verdict = ""
	for _, format := range commented() {
		for _, r := range []discover.Report{r, unknown} {
			out := write(t, format, r)
			for line := range strings.Lines(out) {
				if !strings.HasPrefix(line, "# ") {
					t.Errorf("%s: line %q is no comment", format, line)
				}
			}
			for _, want := range []string{"No set of capabilities", "needs CAP_NET_ADMIN", "refused cap_net_admin,cap_bpf.", "cap_net_admin, which capmon does not hold"} {
				if !strings.Contains(out, want) {
					t.Errorf("%s: no %q in\n%s", format, want, out)
				}
			}
		}
	}
}

// explained are the formats that are more than something to paste.
func explained() []string {
	return slices.DeleteFunc(commented(), func(format string) bool { return format == "list" || format == "flags" })
}

func TestUnprovenIsSaid(t *testing.T) {
	r := report("ip link", refusal("net_admin", "ip", "/usr/sbin/ip"))
	for _, format := range explained() {
		if out := write(t, format, r); !strings.Contains(out, "Minimal: as daemon") {
			t.Errorf("%s: no verdict in\n%s", format, out)
		}
	}
	r.Verdict, r.Reason = discover.Sufficient, "it does not succeed twice"
	for _, format := range explained() {
		out := write(t, format, r)
		if !strings.Contains(out, "Sufficient, unproven: as daemon") || !strings.Contains(out, r.Reason) {
			t.Errorf("%s: no verdict with a reason in\n%s", format, out)
		}
	}
}

func TestAlternativesAreSaid(t *testing.T) {
	r := report("ip link", refusal("dac_read_search", "cat", "/bin/cat"))
	r.Alternatives = []caps.Set{r.Capabilities, caps.NewSet(caps.DACOverride)}
	for _, format := range explained() {
		out := write(t, format, r)
		if strings.Count(out, "also succeed with") != 1 || !strings.Contains(out, "also succeed with cap_dac_override instead") {
			t.Errorf("%s: not one alternative in\n%s", format, out)
		}
	}
}
