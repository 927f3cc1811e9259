package controller_test

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace"
)

// ways is a command that tries one way to its goal after the other, each of
// which needs some capabilities, and each of whose processes ends with the
// first that it is refused.
type ways [][]caps.Cap

func (w ways) succeeds(grant caps.Set) bool {
	return slices.ContainsFunc(w, func(way []caps.Cap) bool { return grant.Contains(caps.NewSet(way...)) })
}

func (w ways) Attempt(_ context.Context, request controller.Request) (controller.Attempt, error) {
	a := controller.Attempt{Outcome: "exit 0", Success: w.succeeds(request.Grant)}
	var at uint64
	for i, way := range w {
		process := trace.Process{PID: 101 + i, Comm: "way"}
		for _, c := range way {
			at++
			check := trace.Check{
				Process: process, Cap: c, Verdict: verdict(request.Grant.Has(c)), Audited: true, InitialNS: true, OwnCreds: true,
				Syscall: "openat", Returned: true, Call: at,
			}
			if check.Verdict == trace.Pass {
				a.Checks = append(a.Checks, check)
				continue
			}
			check.Return, check.FailedAt = -int64(syscall.EPERM), 1
			check.AtEnd = i == len(w)-1
			a.Checks = append(a.Checks, check)
			break
		}
		if request.Grant.Contains(caps.NewSet(way...)) {
			return a, nil
		}
		a.Failed = &process
	}
	a.Exit, a.Outcome = 1, "exit 1"
	return a, nil
}

// TestOtherWays draws commands with several ways, and tries each exchange of
// one capability for lesser ones itself.
func TestOtherWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		way := rapid.SliceOfNDistinct(rapid.SampledFrom(someCaps), 1, 3, rapid.ID)
		w := ways(rapid.SliceOfN(way, 1, 4).Draw(t, "ways"))
		r, err := controller.Find(context.Background(), w, controller.Options{Grantable: every})
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict != controller.Minimal || !r.Narrow || !w.succeeds(r.Capabilities) {
			t.Fatalf("%s {%v}, narrow %v: %v", r.Verdict, r.Capabilities, r.Narrow, grants(r))
		}
		for _, c := range r.Capabilities.Members() {
			rest := r.Capabilities.Without(c)
			for _, a := range r.Runs {
				for _, check := range a.Checks {
					if check.Decisive() && caps.ComparePower(check.Cap, c) < 0 && w.succeeds(rest.With(check.Cap)) {
						t.Fatalf("{%v}: %v does in the place of %v", r.Capabilities, check.Cap, c)
					}
				}
			}
		}
	})
}

func TestOtherWaysOfSetpriv(t *testing.T) {
	w := ways{{caps.DACReadSearch}, {caps.SetUID}}
	r, err := controller.Find(context.Background(), w, controller.Options{Grantable: every})
	if err != nil || r.Verdict != controller.Minimal || r.Capabilities != caps.NewSet(caps.DACReadSearch) {
		t.Errorf("%s {%v}, %v: %v", r.Verdict, r.Capabilities, err, grants(r))
	}
}

// TestAnswerIsTheHeadOfTheAlternatives: what no refusal told of as another way
// is found among the alternatives, and is the answer then.
func TestAnswerIsTheHeadOfTheAlternatives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, grantable := drawProgram(t), drawGrantable(t)
		drawHidden(t, p)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		p.interruptAt, p.interrupt = rapid.IntRange(1, 200).Draw(t, "at"), cancel
		r, err := controller.Find(ctx, p, controller.Options{Grantable: grantable, Alternatives: true, MaxRuns: 5000})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Alternatives) > 0 && r.Alternatives[0] != r.Capabilities {
			t.Fatalf("{%v} of %v", r.Capabilities, r.Alternatives)
		}
	})
}

// TestFailsWithTooMuch: mount(8) as an ordinary user refuses to go on when it
// could become root. Beside it something is needed that nothing names, so that
// everything is tried.
func TestFailsWithTooMuch(t *testing.T) {
	mount := program{
		hidden: caps.NewSet(netAdmin),
		calls:  []call{{asks: []caps.Cap{caps.SetUID}, errno: syscall.EPERM, unwanted: true}, denied(sysAdmin)},
	}
	r := find(t, &mount, controller.Options{Grantable: every, UID0: true})
	if want := caps.NewSet(netAdmin, sysAdmin); r.Verdict != controller.Minimal || r.Capabilities != want || r.NeedsRoot {
		t.Fatalf("%s {%v} (%s), uid 0 %v, want {%v}: %v", r.Verdict, r.Capabilities, r.Reason, r.NeedsRoot, want, grants(r))
	}
	if len(r.MustNot) != 1 || r.MustNot[0].Cap != caps.SetUID {
		t.Fatalf("must not be granted: %v", r.MustNot)
	}
	a := r.Runs[r.MustNot[0].FailedWith-1]
	if a.Success || a.Granted != r.Capabilities.With(caps.SetUID) {
		t.Errorf("attempt %d with %v, success %v, shows nothing", r.MustNot[0].FailedWith, a.Granted, a.Success)
	}
	checkEvidence(t, r)
}

// TestUID0AfterAnUnheldRefusal: that something was refused on the way that
// cannot be granted does not keep a command from insisting on uid 0.
func TestUID0AfterAnUnheldRefusal(t *testing.T) {
	sudo := uid0Func(func(request controller.Request) controller.Attempt {
		a := controller.Attempt{Success: request.UID0, Outcome: "exit"}
		a.Checks = []trace.Check{{Cap: sysResource, Verdict: trace.Fail, Audited: true, InitialNS: true, OwnCreds: true,
			Returned: true, Return: -int64(syscall.EPERM)}}
		if !a.Success {
			a.Output = "effective uid is not 0, is sudo installed setuid root?\n"
		}
		return a
	})
	r, err := controller.Find(context.Background(), sudo, controller.Options{Grantable: every.Without(sysResource), UID0: true})
	if err != nil || r.Verdict != controller.Minimal || !r.NeedsRoot || r.Capabilities != 0 {
		t.Errorf("%s {%v}, uid 0 %v, %v: %s", r.Verdict, r.Capabilities, r.NeedsRoot, err, r.Reason)
	}
	if len(r.Runs) > 5 {
		t.Errorf("%d attempts: %v", len(r.Runs), grants(r))
	}
}

type uid0Func func(controller.Request) controller.Attempt

func (f uid0Func) Attempt(_ context.Context, request controller.Request) (controller.Attempt, error) {
	return f(request), nil
}

// looker looks at its own capabilities before it makes use of them.
func looker(wants caps.Set, says string) attempterFunc {
	return func(grant caps.Set) controller.Attempt {
		a := controller.Attempt{Success: grant.Contains(wants), Outcome: "exit"}
		if !a.Success {
			a.Failed = &trace.Process{PID: 100}
			a.Output = says
			return a
		}
		for i, c := range wants.Members() {
			a.Checks = append(a.Checks, trace.Check{Cap: c, Verdict: trace.Pass, Audited: true, InitialNS: true, OwnCreds: true,
				Syscall: "mount", Returned: true, Call: uint64(i + 1)})
		}
		return a
	}
}

// TestFewAttempts bounds what a command takes that looks at its own
// capabilities.
func TestFewAttempts(t *testing.T) {
	for name, test := range map[string]struct {
		attempter controller.Attempter
		want      caps.Set
		most      int
	}{
		"it makes use of it":           {looker(caps.NewSet(mknod), ""), caps.NewSet(mknod), 5},
		"it speaks of it":              {looker(caps.NewSet(sysNice), "needs CAP_SYS_NICE\n"), caps.NewSet(sysNice), 3},
		"it speaks of what it is not":  {looker(caps.NewSet(sysNice), "no cap_chown\n"), caps.NewSet(sysNice), 6},
		"every one, which it uses":     {looker(every, ""), every, 200},
		"every one, of which none":     {&program{hidden: every}, every, 200},
		"twenty, which nothing names":  {&program{hidden: every & 0x5555555555}, every & 0x5555555555, 200},
		"every one, refused in turn":   {&program{calls: eachDenied()}, every, 2*41 + 2},
		"all but one, of the few held": {&program{hidden: every.Without(sysAdmin)}, every.Without(sysAdmin), 200},
	} {
		r, err := controller.Find(context.Background(), test.attempter, controller.Options{Grantable: every})
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict != controller.Minimal || r.Capabilities != test.want {
			t.Errorf("%s: %s {%v} (%s), want {%v}", name, r.Verdict, r.Capabilities, r.Reason, test.want)
		}
		if len(r.Runs) > test.most {
			t.Errorf("%s: %d attempts, want at most %d: %v", name, len(r.Runs), test.most, strings.Join(grants(r), "\n"))
		}
		t.Logf("%s: %d attempts", name, len(r.Runs))
	}
}

func eachDenied() []call {
	var calls []call
	for _, c := range every.Members() {
		calls = append(calls, denied(c))
	}
	return calls
}
