package compare_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover/compare"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace"
)

func report(kernel, user string, verdict controller.Verdict, set ...caps.Cap) controller.Report {
	r := controller.Report{Kernel: kernel, User: account.Identity{Name: user}}
	r.Verdict, r.Capabilities = verdict, caps.NewSet(set...)
	for _, c := range set {
		r.Evidence = append(r.Evidence, controller.Evidence{Cap: c, Check: &trace.Check{Cap: c, Syscall: "ioctl"}})
	}
	return r
}

func TestDiff(t *testing.T) {
	a := report("6.1", "nobody", controller.Minimal, caps.Chown, caps.NetAdmin)
	b := report("6.12", "nobody", controller.Minimal, caps.NetAdmin, caps.Kill)
	changes := compare.Diff(a, b)
	if len(changes) != 2 || changes[0].Cap != caps.Chown || changes[0].Added || changes[1].Cap != caps.Kill || !changes[1].Added || changes[1].Check == nil {
		t.Errorf("changes %+v", changes)
	}
	if got := compare.Conditions(a, b); !slices.Equal(got, []string{"Linux 6.12, not 6.1"}) {
		t.Errorf("conditions %q", got)
	}
	if got := compare.Conditions(a, a); len(got) != 0 {
		t.Errorf("a report differs from itself: %q", got)
	}
}

func TestMerge(t *testing.T) {
	excluded := report("6.1", "daemon", controller.Minimal, caps.Chown)
	excluded.MustNot = []controller.Exclusion{{Cap: caps.Kill}}
	m := compare.Merge([]controller.Report{
		excluded,
		report("6.1", "nobody", controller.Minimal, caps.Kill),
		report("6.12", "nobody", controller.Sufficient, caps.SysTime),
		report("6.1", "nobody", controller.NotFound, caps.SysBoot),
	}, []string{"a", "b", "c", "d"})
	if m.Capabilities != caps.NewSet(caps.Chown, caps.Kill, caps.SysTime) {
		t.Errorf("together %s", m.Capabilities)
	}
	for _, want := range []string{"a must not have CAP_KILL", "c is not proven", "d found no set", "users differ: daemon, nobody", "kernels differ: Linux 6.1, Linux 6.12"} {
		if !slices.ContainsFunc(m.Conflicts, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("conflicts %q lack %q", m.Conflicts, want)
		}
	}
}
