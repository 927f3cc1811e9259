package controller_test

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace"
)

// Some more names; their numbers are those of linux/capability.h.
const (
	chown       = caps.Cap(0)
	dacOverride = caps.DACOverride
	dacRead     = caps.DACReadSearch
	fowner      = caps.Cap(3)
	fsetid      = caps.Cap(4)
	netBind     = caps.Cap(10)
	netAdmin    = caps.NetAdmin
	ptrace      = caps.Cap(19)
	sysAdmin    = caps.SysAdmin
	sysNice     = caps.Cap(23)
	sysResource = caps.Cap(24)
	mknod       = caps.Cap(27)
	bpf         = caps.BPF
)

// denied is a call that says EPERM when it is refused.
func denied(asks ...caps.Cap) call { return call{asks: asks, errno: syscall.EPERM} }

// unharmed is a call that says EACCES when it is refused, and the program goes
// on.
func unharmed(asks ...caps.Cap) call {
	return call{asks: asks, errno: syscall.EACCES, tolerated: true}
}

// ignored is a call that succeeds in another way when it is refused.
func ignored(c caps.Cap) call { return call{asks: []caps.Cap{c}, tolerated: true} }

func TestFind(t *testing.T) {
	set := caps.NewSet
	for _, test := range []struct {
		name    string
		program program
		opts    controller.Options // Grantable is every capability if empty
		want    controller.Result  // only what is compared
		runs    []caps.Set         // the grants, in order
		reason  string             // a part of it
	}{{
		name: "nothing is needed",
		want: controller.Result{Verdict: controller.Minimal, Narrow: true},
		runs: []caps.Set{0},
	}, {
		name:    "one is found and proven by two attempts",
		program: program{calls: []call{denied(netAdmin)}},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(netAdmin), Refused: set(netAdmin), Narrow: true},
		runs:    []caps.Set{0, set(netAdmin)},
	}, {
		name:    "a netlink request is refused in its answer",
		program: program{calls: []call{ignored(chown), {asks: []caps.Cap{netAdmin}, netlink: true}}},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(netAdmin), Refused: set(chown, netAdmin), Narrow: true},
		runs:    []caps.Set{0, set(netAdmin)},
	}, {
		name:    "the set is tried again before anything is taken from it",
		program: program{calls: []call{denied(chown), denied(mknod)}},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(chown, mknod), Refused: set(chown, mknod), Narrow: true},
		runs:    []caps.Set{0, set(chown), set(chown, mknod), set(chown, mknod), set(mknod)},
	}, {
		name:    "two refusals are tolerated, the third one matters",
		program: program{calls: []call{unharmed(dacRead), unharmed(fowner), denied(mknod)}},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(mknod), Refused: set(dacRead, fowner, mknod), Narrow: true},
		// The last attempt tries them as another way.
		runs: []caps.Set{0, set(mknod), set(dacRead, fowner)},
	}, {
		name:    "what is not decisive comes after what is",
		program: program{calls: []call{ignored(sysNice), denied(mknod)}},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(mknod), Refused: set(sysNice, mknod), Narrow: true},
		runs:    []caps.Set{0, set(mknod)},
	}, {
		name: "other credentials come after the task's own",
		program: program{calls: []call{
			{asks: []caps.Cap{dacOverride}, errno: syscall.EACCES, others: true, tolerated: true}, denied(mknod)}},
		want: controller.Result{Verdict: controller.Minimal, Capabilities: set(mknod), Refused: set(dacOverride, mknod), Narrow: true},
		runs: []caps.Set{0, set(mknod), set(dacOverride)},
	}, {
		name: "an unaudited refusal can be the one",
		program: program{calls: []call{
			{asks: []caps.Cap{ptrace}, errno: syscall.EACCES, quiet: true}}},
		want: controller.Result{Verdict: controller.Minimal, Capabilities: set(ptrace), Refused: set(ptrace), Narrow: true},
		runs: []caps.Set{0, set(ptrace)},
	}, {
		name: "an audited refusal comes before an unaudited one",
		program: program{calls: []call{
			{asks: []caps.Cap{ptrace}, errno: syscall.EACCES, quiet: true, tolerated: true}, denied(mknod)}},
		want: controller.Result{Verdict: controller.Minimal, Capabilities: set(mknod), Refused: set(ptrace, mknod), Narrow: true},
		runs: []caps.Set{0, set(mknod)},
	}, {
		name:    "an unaudited refusal in a call that failed is a guess",
		program: program{calls: []call{{asks: []caps.Cap{ptrace}, errno: syscall.ENOENT, quiet: true}}},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(ptrace), Refused: set(ptrace), Narrow: true},
		runs:    []caps.Set{0, set(ptrace)},
	}, {
		name: "what is refused although it was granted is not granted again",
		program: program{calls: []call{
			{asks: []caps.Cap{dacOverride}, errno: syscall.EACCES, stubborn: true}, denied(mknod)}},
		want: controller.Result{Verdict: controller.Minimal, Capabilities: set(mknod), Refused: set(dacOverride, mknod), Narrow: true},
		runs: []caps.Set{0, set(mknod), set(dacOverride)},
	}, {
		name:    "guesses are granted together",
		program: program{calls: []call{ignored(chown), {asks: []caps.Cap{fsetid}}, ignored(sysNice)}},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(fsetid), Refused: set(chown, fsetid), Narrow: true},
		// What is not decisive explains no failure, which is therefore repeated.
		runs: []caps.Set{0, set(chown, fsetid), set(chown, fsetid), set(fsetid), 0},
	}, {
		name:    "of two in one call the lesser is granted",
		program: program{calls: []call{denied(dacRead, dacOverride), denied(bpf, sysAdmin)}},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(dacRead, bpf), Refused: set(dacRead, dacOverride, bpf, sysAdmin), Narrow: true},
		runs:    []caps.Set{0, set(dacRead), set(dacRead, bpf), set(dacRead, bpf), set(bpf)},
	}, {
		name:    "of two in the answer the lesser stays",
		program: program{calls: []call{{asks: []caps.Cap{bpf}, tolerated: true}, {asks: []caps.Cap{sysAdmin, bpf}}}},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(bpf), Refused: set(bpf, sysAdmin), Narrow: true},
		runs:    []caps.Set{0, set(bpf), 0},
	}, {
		name:    "of two guesses for one call the first is granted",
		program: program{calls: []call{{asks: []caps.Cap{bpf, sysAdmin}}}},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(bpf), Refused: set(bpf, sysAdmin), Narrow: true},
		runs:    []caps.Set{0, set(bpf), 0},
	}, {
		name:    "the lesser one that a call asked for is tried first",
		program: program{calls: []call{denied(sysAdmin, bpf), denied(chown)}},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(bpf, chown), Refused: set(bpf, sysAdmin, chown), Narrow: true},
		runs:    []caps.Set{0, set(bpf), set(bpf, chown), set(bpf, chown), set(chown)},
	}, {
		name:    "a lesser one that another call asked for is not tried",
		program: program{calls: []call{ignored(bpf), denied(sysAdmin)}},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(sysAdmin), Refused: set(bpf, sysAdmin), Narrow: true},
		runs:    []caps.Set{0, set(sysAdmin)},
	}, {
		name:    "one's own user namespace needs nothing",
		program: program{calls: []call{{asks: []caps.Cap{sysAdmin}, errno: syscall.EPERM, inside: true}}, broken: true},
		want:    controller.Result{Verdict: controller.NotFound},
		runs:    []caps.Set{0, every},
		reason:  "it fails even with every capability that capmon holds (exit 1: failed)",
	}, {
		name:    "a failure of another kind takes two attempts",
		program: program{broken: true},
		want:    controller.Result{Verdict: controller.NotFound},
		runs:    []caps.Set{0, every},
		reason:  "no set of capabilities makes the command succeed",
	}, {
		name:    "one that is needed is not held",
		program: program{calls: []call{denied(chown), denied(sysResource)}},
		opts:    controller.Options{Grantable: every.Without(sysResource)},
		want:    controller.Result{Verdict: controller.NotFound, Unheld: set(sysResource), Refused: set(chown, sysResource)},
		runs:    []caps.Set{0, set(chown), every.Without(sysResource)},
		reason:  "needs CAP_SYS_RESOURCE, which capmon does not hold",
	}, {
		name:    "one that is not held and may be needed",
		program: program{calls: []call{{asks: []caps.Cap{sysResource}}}},
		opts:    controller.Options{Grantable: every.Without(sysResource)},
		want:    controller.Result{Verdict: controller.NotFound, Unheld: set(sysResource), Refused: set(sysResource)},
		runs:    []caps.Set{0, every.Without(sysResource)},
		reason:  "CAP_SYS_RESOURCE, which capmon does not hold, was refused (model: model) and may or may not matter",
	}, {
		name:    "one that is not held and not needed",
		program: program{calls: []call{unharmed(sysResource), denied(chown)}},
		opts:    controller.Options{Grantable: every.Without(sysResource)},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(chown), Unheld: set(sysResource), Refused: set(chown, sysResource), Narrow: true},
		runs:    []caps.Set{0, set(chown)},
	}, {
		name:    "nothing can be granted",
		program: program{calls: []call{denied(chown)}},
		opts:    controller.Options{Grantable: 1 << 63}, // no capability of this kernel
		want:    controller.Result{Verdict: controller.NotFound, Unheld: set(chown), Refused: set(chown)},
		runs:    []caps.Set{0, 1 << 63},
		reason:  "needs CAP_CHOWN, which capmon does not hold",
	}, {
		name:    "the program cannot succeed twice",
		program: program{calls: []call{denied(chown), denied(mknod)}, once: 1},
		want: controller.Result{Verdict: controller.Sufficient, Capabilities: set(chown, mknod), Refused: set(chown, mknod),
			Advice: []controller.Advice{controller.CleanUp, controller.UseSandbox}},
		runs:   []caps.Set{0, set(chown), set(chown, mknod), set(chown, mknod)},
		reason: "what an attempt leaves behind is in the way of the next",
	}, {
		name:    "with one capability it need not succeed twice",
		program: program{calls: []call{denied(mknod)}, once: 1},
		want:    controller.Result{Verdict: controller.Minimal, Capabilities: set(mknod), Refused: set(mknod), Narrow: true},
		runs:    []caps.Set{0, set(mknod)},
	}, {
		name:    "it succeeds only sometimes",
		program: program{calls: []call{denied(mknod)}, failsAt: map[int]bool{5: true, 7: true}},
		opts:    controller.Options{Confirm: 4},
		want: controller.Result{Verdict: controller.Sufficient, Capabilities: set(mknod), Refused: set(mknod),
			Confirmed: controller.Confirmation{Runs: 4, Succeeded: 2, RunsWithout: 4, FailedWithout: 4}},
		runs:   []caps.Set{0, set(mknod), set(mknod), 0, set(mknod), 0, set(mknod), 0, set(mknod), 0},
		reason: "only sometimes: repeated 4 times with CAP_MKNOD, it succeeded 2 times",
	}, {
		name:    "it succeeds every time",
		program: program{calls: []call{denied(mknod)}},
		opts:    controller.Options{Confirm: 2},
		want: controller.Result{Verdict: controller.Minimal, Capabilities: set(mknod), Refused: set(mknod), Narrow: true,
			Confirmed: controller.Confirmation{Runs: 2, Succeeded: 2, RunsWithout: 2, FailedWithout: 2}},
		runs: []caps.Set{0, set(mknod), set(mknod), 0, set(mknod), 0},
	}, {
		name:    "every minimal set is listed, the least powerful first",
		program: program{calls: []call{denied(dacRead, dacOverride)}},
		opts:    controller.Options{Alternatives: true},
		want: controller.Result{Verdict: controller.Minimal, Capabilities: set(dacRead), Refused: set(dacRead, dacOverride), Narrow: true,
			Alternatives: []caps.Set{set(dacRead), set(dacOverride)}},
		runs: []caps.Set{0, set(dacRead), set(dacRead), every.Without(dacRead), set(dacOverride), every.Minus(set(dacRead, dacOverride))},
	}, {
		name:    "the attempts are used up before the proof",
		program: program{calls: []call{denied(chown), denied(mknod)}},
		opts:    controller.Options{MaxRuns: 4},
		want:    controller.Result{Verdict: controller.Sufficient, Capabilities: set(chown, mknod), Refused: set(chown, mknod), Exhausted: true, Advice: []controller.Advice{controller.MoreRuns}},
		runs:    []caps.Set{0, set(chown), set(chown, mknod), set(chown, mknod)},
		reason:  "stopped after 4 attempts",
	}, {
		name:    "the attempts are used up before a set is found",
		program: program{calls: []call{denied(chown), denied(mknod)}},
		opts:    controller.Options{MaxRuns: 2},
		want:    controller.Result{Verdict: controller.NotFound, Refused: set(chown, mknod), Exhausted: true, Advice: []controller.Advice{controller.MoreRuns}},
		runs:    []caps.Set{0, set(chown)},
		reason:  "no set was found in 2 attempts; refused so far: CAP_CHOWN and CAP_MKNOD",
	}} {
		t.Run(test.name, func(t *testing.T) {
			if test.opts.Grantable == 0 {
				test.opts.Grantable = every
			}
			got := find(t, &test.program, test.opts)
			var runs []caps.Set
			for _, a := range got.Runs {
				runs = append(runs, a.Granted)
			}
			if diff := cmp.Diff(test.runs, runs); diff != "" {
				t.Errorf("grants (-want +got):\n%s", diff)
			}
			if !strings.Contains(got.Reason, test.reason) || (got.Reason == "") != (got.Verdict == controller.Minimal) {
				t.Errorf("reason %q, want %q in it", got.Reason, test.reason)
			}
			got.Runs, got.Evidence, got.Tolerated, got.Reason = nil, nil, nil, ""
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNeedsMoreWhenItMayDoMore: with CAP_FSETID it goes on to something that
// needs CAP_FOWNER. That {fsetid, mknod} fails does not say that {mknod} does.
func TestNeedsMoreWhenItMayDoMore(t *testing.T) {
	var p attempterFunc = func(grant caps.Set) controller.Attempt {
		a := controller.Attempt{Success: grant.Has(mknod) && (!grant.Has(fsetid) || grant.Has(fowner)), Outcome: "exit"}
		missing := mknod
		switch {
		case !grant.Has(fsetid):
			missing = fsetid
		case !grant.Has(fowner):
			missing = fowner
		}
		if !grant.Has(missing) && !a.Success {
			a.Checks = []trace.Check{{Cap: missing, Verdict: trace.Fail, Audited: true, InitialNS: true, OwnCreds: true,
				Returned: true, Return: -int64(syscall.EPERM)}}
		}
		return a
	}
	r, err := controller.Find(context.Background(), p, controller.Options{Grantable: every})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict == controller.Minimal || !strings.Contains(r.Reason, "needs more when it may do more") {
		t.Errorf("%s {%v}: %s; %v", r.Verdict, r.Capabilities, r.Reason, grants(r))
	}
}

// TestHiddenRequirement is ip netns add by an ordinary user: it drops all it
// has unless CAP_NET_ADMIN is inheritable, and then is refused CAP_SYS_ADMIN.
func TestHiddenRequirement(t *testing.T) {
	p := &program{calls: []call{unharmed(dacOverride), denied(sysAdmin)}, hidden: caps.NewSet(netAdmin), drops: true}
	r := find(t, p, controller.Options{Grantable: every})
	if want := caps.NewSet(netAdmin, sysAdmin); r.Verdict != controller.Minimal || r.Capabilities != want {
		t.Fatalf("%s {%v}, want minimal {%v}; %s", r.Verdict, r.Capabilities, want, r.Reason)
	}
	// From what is used, and by what is likely, not among all 41.
	if len(r.Runs) > 12 {
		t.Errorf("%d attempts: %v", len(r.Runs), grants(r))
	}
	for _, e := range r.Evidence {
		if named := e.Check != nil; named != (e.Cap == sysAdmin) {
			t.Errorf("%v is named by %+v", e.Cap, e.Check)
		}
		if e.Check != nil && !e.Check.Decisive() {
			t.Errorf("the evidence for %v is %+v, which explains nothing", e.Cap, e.Check)
		}
	}
}

// TestUnseenSubstituteIsTried: what is found by searching alone may have a
// lesser substitute that no refusal names.
func TestUnseenSubstituteIsTried(t *testing.T) {
	var p attempterFunc = func(grant caps.Set) controller.Attempt {
		a := controller.Attempt{Success: grant.Has(bpf) || grant.Has(sysAdmin), Outcome: "exit"}
		if grant.Has(sysAdmin) {
			a.Checks = []trace.Check{{Cap: sysAdmin, Verdict: trace.Pass, Audited: true, InitialNS: true}}
		}
		return a
	}
	r, err := controller.Find(context.Background(), p, controller.Options{Grantable: every})
	if err != nil {
		t.Fatal(err)
	}
	if r.Capabilities != caps.NewSet(bpf) || r.Verdict != controller.Minimal || !r.Narrow {
		t.Errorf("%s {%v}, narrow %v: %v", r.Verdict, r.Capabilities, r.Narrow, grants(r))
	}
}

type attempterFunc func(grant caps.Set) controller.Attempt

func (f attempterFunc) Attempt(_ context.Context, request controller.Request) (controller.Attempt, error) {
	return f(request.Grant), nil
}

// TestRefusalThatMattered gives two refusals, of which the second is always
// the one to be named.
func TestRefusalThatMattered(t *testing.T) {
	plain := trace.Check{
		Verdict: trace.Fail, Audited: true, InitialNS: true, OwnCreds: true,
		Returned: true, Return: -int64(syscall.EPERM), Call: 5, First: 5,
	}
	for name, change := range map[string]func(other, wanted *trace.Check){
		"decisive":                 func(other, _ *trace.Check) { other.Return = 0 },
		"audited":                  func(other, _ *trace.Check) { other.Audited = false },
		"own credentials":          func(other, _ *trace.Check) { other.OwnCreds = false },
		"earlier":                  func(other, _ *trace.Check) { other.Call, other.First = 6, 6 },
		"of a process that failed": func(other, wanted *trace.Check) { other.First, wanted.FailedAt = 1, 9 },
		"of the last such":         func(other, wanted *trace.Check) { other.FailedAt, other.Call, wanted.FailedAt = 8, 6, 9 },
		"in the last call of it": func(other, wanted *trace.Check) {
			other.FailedAt, other.Call, other.First, wanted.FailedAt = 9, 4, 4, 9
		},
		"within the call the least powerful": func(other, wanted *trace.Check) {
			other.Cap, other.FailedAt, other.First, wanted.FailedAt = sysAdmin, 9, 1, 9
		},
	} {
		other, wanted := plain, plain
		other.Cap, wanted.Cap = chown, mknod
		change(&other, &wanted)
		a := controller.Attempt{Checks: []trace.Check{other, wanted}}
		if got := a.Refusal(); got == nil || got.Cap != mknod {
			t.Errorf("%s: named is %+v", name, got)
		}
	}
	if got := (controller.Attempt{Checks: []trace.Check{noise(0)}}).Refusal(); got != nil {
		t.Errorf("noise was named: %+v", *got)
	}
}

// TestOvercommitIsNoEvidence: every program asks for CAP_SYS_ADMIN by using
// memory, so that does not explain why one needs it.
func TestOvercommitIsNoEvidence(t *testing.T) {
	r := find(t, &program{hidden: caps.NewSet(sysAdmin)}, controller.Options{Grantable: every})
	if r.Capabilities != caps.NewSet(sysAdmin) || len(r.Evidence) != 1 {
		t.Fatalf("found {%v} with evidence %v", r.Capabilities, r.Evidence)
	}
	if check := r.Evidence[0].Check; check != nil {
		t.Errorf("the evidence is %+v", *check)
	}
}

// TestScriptEndsWithItsLastFailure: a script whose commands all fail ends with
// the status of the last one; the refusal of that one is granted first.
func TestScriptEndsWithItsLastFailure(t *testing.T) {
	p := &script{program{calls: []call{
		{asks: []caps.Cap{chown}, errno: syscall.EPERM, tolerated: true, process: 1},
		{asks: []caps.Cap{mknod}, errno: syscall.EPERM, process: 2},
	}}}
	r, err := controller.Find(context.Background(), p, controller.Options{Grantable: every})
	if err != nil {
		t.Fatal(err)
	}
	if r.Capabilities != caps.NewSet(mknod) || len(r.Runs) != 3 {
		t.Errorf("found {%v} by %v", r.Capabilities, grants(r))
	}
}

// script is a program each of whose processes ends after its first refusal.
type script struct{ program }

func (s *script) Attempt(ctx context.Context, request controller.Request) (controller.Attempt, error) {
	a, err := s.program.Attempt(ctx, request)
	for i, c := range a.Checks {
		if c.Decisive() {
			a.Checks[i].FailedAt = c.First + 1
		}
	}
	return a, err
}

// TestLeftoversAreHinted: the first attempt leaves something behind, and every
// later one says "File exists", whatever it is granted.
func TestLeftoversAreHinted(t *testing.T) {
	r, err := controller.Find(context.Background(), &littering{}, controller.Options{Grantable: every})
	if err != nil {
		t.Fatal(err)
	}
	if want := []controller.Advice{controller.CleanUp, controller.UseSandbox}; r.Verdict != controller.NotFound || !slices.Equal(r.Advice, want) {
		t.Errorf("%s: %q, advice %q", r.Verdict, r.Reason, r.Advice)
	}
}

type littering struct{ program }

func (l *littering) Attempt(ctx context.Context, request controller.Request) (controller.Attempt, error) {
	l.calls = []call{denied(chown)}
	l.broken = len(l.attempts) > 0
	a, err := l.program.Attempt(ctx, request)
	if l.broken {
		a.Output = "mkdir: File exists\n"
	}
	return a, err
}

// TestInsistsOnUID0: what looks at its user id is refused nothing, and fails
// with everything.
func TestInsistsOnUID0(t *testing.T) {
	p := program{calls: []call{denied(chown), denied(mknod)}, insists: true}
	for name, test := range map[string]struct {
		opts    controller.Options
		broken  bool
		verdict controller.Verdict
		asUser  int // attempts
		asRoot  int
		reason  string
	}{
		"found":                {controller.Options{UID0: true}, false, controller.Minimal, 7, 11, ""},
		"not to be tried":      {controller.Options{}, false, controller.NotFound, 2, 0, "even with every capability"},
		"of no use":            {controller.Options{UID0: true}, true, controller.NotFound, 2, 1, "and as uid 0 as well"},
		"the limit is for all": {controller.Options{UID0: true, MaxRuns: 2}, false, controller.NotFound, 2, 0, "in 2 attempts"},
		"and for the proof":    {controller.Options{UID0: true, MaxRuns: 6}, false, controller.Sufficient, 2, 4, "after 6 attempts"},
	} {
		t.Run(name, func(t *testing.T) {
			p := p
			p.broken = test.broken
			test.opts.Grantable = every
			r := find(t, &p, test.opts)
			asUser := 0
			for _, a := range r.Runs {
				if !a.UID0 {
					asUser++
				}
			}
			if r.Verdict != test.verdict || asUser != test.asUser || len(r.Runs)-asUser != test.asRoot || !strings.Contains(r.Reason, test.reason) {
				t.Errorf("%s (%s): %d attempts as the user of %d: %v", r.Verdict, r.Reason, asUser, len(r.Runs), grants(r))
			}
			if needs := r.Verdict != controller.NotFound; r.NeedsRoot != needs {
				t.Errorf("needs uid 0: %v", r.NeedsRoot)
			}
			if r.LastAsUser().UID0 || r.Verdict == controller.NotFound && r.LastAsUser().Granted != every {
				t.Errorf("the last attempt as the user is %+v", r.LastAsUser())
			}
			if r.Verdict == controller.Minimal {
				checkEvidence(t, r)
			}
		})
	}
}

func TestResultSumsUp(t *testing.T) {
	var p attempterFunc = func(grant caps.Set) controller.Attempt {
		a := controller.Attempt{Lost: 1, Elevated: []string{"/bin/su", "/bin/ping"}}
		if a.Success = grant != 0; a.Success {
			a.Lost, a.Elevated = 2, []string{"/bin/ping", "/bin/mount"}
		}
		return a
	}
	r, err := controller.Find(context.Background(), p, controller.Options{Grantable: caps.NewSet(mknod)})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"/bin/su", "/bin/ping", "/bin/mount"}; !slices.Equal(r.Elevated, want) {
		t.Errorf("elevated %q, want %q", r.Elevated, want)
	}
	want := uint64(0)
	for _, a := range r.Runs {
		want += a.Lost
	}
	if r.Lost != want || want == 0 {
		t.Errorf("%d lost, want %d", r.Lost, want)
	}
}

func TestObserveSeesEachAttempt(t *testing.T) {
	var numbers []int
	var seen []controller.Attempt
	p := &program{calls: []call{denied(chown), denied(mknod)}}
	r := find(t, p, controller.Options{Grantable: every, Observe: func(n int, a controller.Attempt) {
		numbers, seen = append(numbers, n), append(seen, a)
	}})
	if want := []int{1, 2, 3, 4, 5}; !slices.Equal(numbers, want) {
		t.Errorf("numbers %v, want %v", numbers, want)
	}
	if diff := cmp.Diff(r.Runs, seen); diff != "" {
		t.Errorf("attempts (-result +observed):\n%s", diff)
	}
}

func TestCancelledBeforeTheFirstAttempt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := &program{}
	r, err := controller.Find(ctx, p, controller.Options{Grantable: every})
	if err != nil || !r.Interrupted || r.Verdict != controller.NotFound || len(p.attempts) != 0 {
		t.Errorf("%+v, %v after %d attempts", r, err, len(p.attempts))
	}
}

// TestInterruptedAttemptKeepsItsRefusals: what was refused before the end is
// known, also when nothing else is.
func TestInterruptedAttemptKeepsItsRefusals(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p := &program{calls: []call{denied(mknod)}, interruptAt: 1, interrupt: cancel}
	r, err := controller.Find(ctx, p, controller.Options{Grantable: every})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Interrupted || r.Refused != caps.NewSet(mknod) || !strings.Contains(r.Reason, "refused so far: CAP_MKNOD") {
		t.Errorf("interrupted %v, refused {%v}, reason %q", r.Interrupted, r.Refused, r.Reason)
	}
}

// TestInterruptedRepeatTakesNothingBack: that the repeat did not end well says
// nothing against an answer that was proven before.
func TestInterruptedRepeatTakesNothingBack(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p := &program{calls: []call{denied(mknod)}, interruptAt: 4, interrupt: cancel}
	r, err := controller.Find(ctx, p, controller.Options{Grantable: every, Confirm: 5})
	if err != nil {
		t.Fatal(err)
	}
	want := controller.Confirmation{Runs: 1, Succeeded: 1}
	if r.Verdict != controller.Minimal || !r.Interrupted || r.Confirmed != want || len(r.Runs) != 4 {
		t.Errorf("%s (%s), interrupted %v, confirmed %+v, %d attempts", r.Verdict, r.Reason, r.Interrupted, r.Confirmed, len(r.Runs))
	}
}

// TestEvidenceIsTheBestRefusal: where the attempt that proves the need shows
// less than another one does, the check is the other one's.
func TestEvidenceIsTheBestRefusal(t *testing.T) {
	refused := trace.Check{Cap: mknod, Verdict: trace.Fail, Audited: true, InitialNS: true, OwnCreds: true, Returned: true}
	var p attempterFunc = func(grant caps.Set) controller.Attempt {
		a := controller.Attempt{Success: grant.Contains(caps.NewSet(chown, mknod)), Outcome: "exit"}
		decisive, other := refused, refused
		decisive.Return, other.Cap = -int64(syscall.EPERM), chown
		switch {
		case a.Success:
		case grant == 0:
			a.Checks = []trace.Check{decisive}
		case grant.Has(mknod):
			a.Checks = []trace.Check{other}
		default:
			a.Checks = []trace.Check{refused}
		}
		return a
	}
	r, err := controller.Find(context.Background(), p, controller.Options{Grantable: every})
	if err != nil || len(r.Evidence) != 2 {
		t.Fatalf("{%v}, %v", r.Capabilities, err)
	}
	if e := r.Evidence[1]; e.Cap != mknod || e.FailedWithout < 2 || e.Check == nil || !e.Check.Decisive() {
		t.Errorf("%v failed in attempt %d without it, refused by %+v", e.Cap, e.FailedWithout, e.Check)
	}
}
