// Package discovertest is for tests of programs: it fails a test when a command
// needs other capabilities than it should.
//
//	func TestMain(m *testing.M) {
//		launch.KeeperMain()
//		os.Exit(m.Run())
//	}
//
//	func TestServerNeeds(t *testing.T) {
//		server := discover.Command{
//			Args:  []string{"./server", "-listen", ":80"},
//			User:  "nobody",
//			Ready: "curl --silent --fail http://localhost/",
//		}
//		discovertest.Needs(t, server, caps.NetBindService)
//	}
package discovertest

import (
	"os"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/internal/testenv"
)

// Needs discovers the command by discover.Run with no options, and fails the
// test unless exactly the capabilities of want were proven to be needed; none
// of them, that it needs none. It returns the report.
//
// The test is skipped in a process that is not root's, and fails there if the
// variable CI of the environment is "true". It ends when the discovery cannot
// be made.
func Needs(t testing.TB, command discover.Command, want ...caps.Cap) discover.Report {
	t.Helper()
	return NeedsWith(t, command, want)
}

// NeedsWith is Needs with options for the discovery.
func NeedsWith(t testing.TB, command discover.Command, want []caps.Cap, options ...discover.Option) discover.Report {
	t.Helper()
	needRoot(t)
	r, err := discover.Run(t.Context(), command, options...)
	if err != nil {
		t.Fatalf("discover %q: %v", command.Args, err)
	}
	set := caps.NewSet(want...)
	switch {
	case r.Verdict == discover.NotFound || r.Verdict != discover.Minimal && r.Capabilities == set:
		t.Errorf("%q: %s: %s\n%s", command.Args, r.Verdict, r.Reason, lastWords(r))
	case r.Capabilities != set:
		t.Errorf("%q needs %s, want %s (%s)%s", command.Args, text(r.Capabilities), text(set), r.Verdict, why(r, set))
	case r.NeedsRoot:
		t.Errorf("%q needs to be uid 0", command.Args)
	}
	return r
}

func needRoot(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 || os.Geteuid() != 0 {
		testenv.Cannot(t, discover.ErrNotRoot.Error())
	}
}

// text names the capabilities of a set, for a message.
func text(s caps.Set) string {
	if s == 0 {
		return "no capability"
	}
	return strings.Join(s.Names(), ", ")
}

// why says how each capability was found that was not wanted.
func why(r discover.Report, want caps.Set) string {
	var b strings.Builder
	for _, e := range r.Evidence {
		if !want.Has(e.Cap) && e.Check != nil {
			b.WriteString("\n" + e.Cap.String() + ": " + e.Check.Process.Comm + " was refused it in " + e.Check.Syscall)
		}
	}
	return b.String()
}

// lastWords is what the command printed in its last attempt.
func lastWords(r discover.Report) string {
	if len(r.Runs) == 0 {
		return ""
	}
	return r.Runs[len(r.Runs)-1].Output
}
