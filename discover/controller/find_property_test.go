package controller_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/bits"
	"math/rand"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
)

// TestMain draws more programs than rapid does by default, unless told
// otherwise on the command line: some mistakes show in one of a thousand.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "1000"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// every is every capability of the kernel.
const every = caps.Set(1<<41 - 1)

// someCaps are few, so that programs ask for the same ones again, with the
// pairs among them that stand in for each other.
var someCaps = []caps.Cap{
	caps.DACOverride, caps.DACReadSearch, caps.NetAdmin, caps.SysAdmin,
	caps.Perfmon, caps.BPF, caps.SetPCap, 0, 3, 27,
}

func drawCap(t *rapid.T, name string) caps.Cap { return rapid.SampledFrom(someCaps).Draw(t, name) }

// drawCall draws a call whose refusal can be seen to matter.
func drawCall(t *rapid.T) call {
	c := call{
		asks:      rapid.SliceOfNDistinct(rapid.SampledFrom(someCaps), 1, 3, rapid.ID).Draw(t, "asks"),
		errno:     rapid.SampledFrom([]syscall.Errno{syscall.EPERM, syscall.EPERM, syscall.EACCES, syscall.EINVAL, 0}).Draw(t, "errno"),
		quiet:     rapid.IntRange(0, 3).Draw(t, "quiet") == 0,
		others:    rapid.IntRange(0, 5).Draw(t, "others") == 0,
		inside:    rapid.IntRange(0, 7).Draw(t, "inside") == 0,
		stubborn:  rapid.IntRange(0, 7).Draw(t, "stubborn") == 0,
		netlink:   rapid.IntRange(0, 7).Draw(t, "netlink") == 0,
		tolerated: rapid.IntRange(0, 2).Draw(t, "tolerated") == 0,
		process:   rapid.IntRange(0, 1).Draw(t, "process"),
	}
	// The kernel asks for the lesser capability first.
	slices.SortFunc(c.asks, caps.ComparePower)
	return c
}

// seen says whether the tracer can see that the refusal of c matters.
func (c call) seen() bool {
	return c.tolerated || c.inside || c.stubborn || c.netlink || !c.quiet || c.errno != 0
}

// drawProgram draws a program with nothing hidden about it.
func drawProgram(t *rapid.T) *program {
	calls := rapid.SliceOfN(rapid.Custom(drawCall), 0, 7).Draw(t, "calls")
	return &program{calls: slices.DeleteFunc(calls, func(c call) bool { return !c.seen() })}
}

// drawHidden hides something from the tracer.
func drawHidden(t *rapid.T, p *program) {
	for range rapid.IntRange(0, 3).Draw(t, "hidden") {
		p.hidden = p.hidden.With(drawCap(t, "hide"))
	}
	p.calls = append(p.calls, rapid.SliceOfN(rapid.Custom(drawCall), 0, 2).Draw(t, "more")...)
	p.broken = rapid.IntRange(0, 9).Draw(t, "broken") == 0
}

// drawGrantable draws what can be granted: everything, or nearly.
func drawGrantable(t *rapid.T) caps.Set {
	g := every
	for range rapid.IntRange(0, 2).Draw(t, "missing") {
		g = g.Without(drawCap(t, "not held"))
	}
	return g
}

func find(t testing.TB, p *program, opts controller.Options) controller.Result {
	t.Helper()
	r, err := controller.Find(context.Background(), p, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// fatalf is what both testing.T and rapid.T have.
type fatalf interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkAnswer compares the result with what trying every subset says.
func checkAnswer(t fatalf, p *program, grantable caps.Set, r controller.Result) {
	t.Helper()
	exists := p.succeeds(grantable)
	switch {
	case !exists && r.Verdict != controller.NotFound:
		t.Fatalf("found %v, but there is no set", r.Capabilities)
	case !exists:
		if r.Reason == "" || r.Capabilities != 0 {
			t.Fatalf("not found, but with reason %q and set %v", r.Reason, r.Capabilities)
		}
		return
	case r.Verdict != controller.Minimal:
		t.Fatalf("verdict %q (%s), though there is a minimal set", r.Verdict, r.Reason)
	case !p.isMinimal(r.Capabilities):
		t.Fatalf("%v is not minimal; these are: %v", r.Capabilities, p.minimalSets(grantable))
	case !grantable.Contains(r.Capabilities):
		t.Fatalf("%v cannot be granted", r.Capabilities)
	}
	checkEvidence(t, r)
}

// checkEvidence holds the evidence against the attempts.
func checkEvidence(t fatalf, r controller.Result) {
	t.Helper()
	if len(r.Evidence) != r.Capabilities.Len() {
		t.Fatalf("%d pieces of evidence for %v", len(r.Evidence), r.Capabilities)
	}
	for _, e := range r.Evidence {
		if e.FailedWithout < 1 || e.FailedWithout > len(r.Runs) {
			t.Fatalf("%v: no attempt failed without it", e.Cap)
		}
		a := r.Runs[e.FailedWithout-1]
		if a.Success || a.Outcome == interrupted || a.Granted.Has(e.Cap) || !a.Granted.Contains(r.Capabilities.Without(e.Cap)) {
			t.Fatalf("%v: attempt %d with %v (success %v) proves nothing for %v", e.Cap, e.FailedWithout, a.Granted, a.Success, r.Capabilities)
		}
		if e.Check != nil && (e.Check.Cap != e.Cap || e.Check.Verdict != "FAIL") {
			t.Fatalf("%v: the check is of %v, %v", e.Cap, e.Check.Cap, e.Check.Verdict)
		}
	}
}

func TestAnswerIsMinimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, grantable := drawProgram(t), drawGrantable(t)
		drawHidden(t, p)
		r, err := controller.Find(context.Background(), p, controller.Options{Grantable: grantable})
		if err != nil {
			t.Fatal(err)
		}
		checkAnswer(t, p, grantable, r)
		if r.Unheld&grantable != 0 {
			t.Fatalf("%v are held", r.Unheld&grantable)
		}
	})
}

// TestAnswerIsMinimalWithoutEvidence shows no check at all to the search, and
// wants an answer as good.
func TestAnswerIsMinimalWithoutEvidence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, grantable := drawProgram(t), drawGrantable(t)
		drawHidden(t, p)
		r, err := controller.Find(context.Background(), blind{p}, controller.Options{Grantable: grantable})
		if err != nil {
			t.Fatal(err)
		}
		checkAnswer(t, p, grantable, r)
		// At most k times log2(41) to search, k to prove, and a few around;
		// then what chance is excluded by, some ten outcomes, or two for each.
		k := r.Capabilities.Len()
		if limit := 4 + k*(bits.Len(uint(every.Len()))+16) + 3 + 10; len(r.Runs) > limit {
			t.Fatalf("%d attempts for %v, want at most %d", len(r.Runs), r.Capabilities, limit)
		}
	})
}

// blind takes the checks out of each attempt.
type blind struct{ controller.Attempter }

func (b blind) Attempt(ctx context.Context, request controller.Request) (controller.Attempt, error) {
	a, err := b.Attempter.Attempt(ctx, request)
	a.Checks = nil
	return a, err
}

// TestAttemptsAreBounded: one to find each capability that was granted, one to
// prove each, and two more; one more for each that was refused without effect,
// and so may not be why it failed, and for each in whose place others are tried.
// Where a lesser one took the place of another, all the rest is proven beside it
// once more.
func TestAttemptsAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, grantable := drawProgram(t), drawGrantable(t)
		r, err := controller.Find(context.Background(), p, controller.Options{Grantable: grantable})
		if err != nil {
			t.Fatal(err)
		}
		checkAnswer(t, p, grantable, r)
		found, tried := grantedIn(untilSuccess(r.Runs), grantable), grantedIn(r.Runs, grantable)
		limit := 2*tried.Len() + 2 + 2*r.Capabilities.Len()
		switch {
		case r.Verdict == controller.NotFound:
			limit = tried.Len() + 2
		case !found.Contains(r.Capabilities):
			limit += r.Capabilities.Len()
		}
		if len(r.Runs) > limit {
			t.Fatalf("%d attempts, want at most %d: %v", len(r.Runs), limit, grants(r))
		}
	})
}

// grantedIn are the capabilities that some of the attempts was granted, other
// than one that was granted everything.
func grantedIn(runs []controller.Attempt, everything caps.Set) caps.Set {
	var s caps.Set
	for _, a := range runs {
		if a.Granted != everything {
			s |= a.Granted
		}
	}
	return s
}

// untilSuccess are the attempts up to the first that succeeded.
func untilSuccess(runs []controller.Attempt) []controller.Attempt {
	for i, a := range runs {
		if a.Success {
			return runs[:i+1]
		}
	}
	return runs
}

func grants(r controller.Result) []string {
	var list []string
	for _, a := range r.Runs {
		grant := a.Granted.String()
		if a.Granted.Len() > 20 {
			grant = fmt.Sprintf("all but %d", 41-a.Granted.Len())
		}
		list = append(list, "{"+grant+"} "+a.Outcome)
	}
	return list
}

func TestAlternativesAreAllMinimalSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, grantable := drawProgram(t), drawGrantable(t)
		drawHidden(t, p)
		r, err := controller.Find(context.Background(), p, controller.Options{Grantable: grantable, Alternatives: true, MaxRuns: 5000})
		if err != nil {
			t.Fatal(err)
		}
		want := p.minimalSets(grantable)
		slices.SortFunc(want, caps.Set.ComparePower)
		if diff := cmp.Diff(want, r.Alternatives); diff != "" {
			t.Fatalf("alternatives (-want +got):\n%s", diff)
		}
	})
}

// TestNarrowAnswersCannotBeExchanged tries every exchange itself.
func TestNarrowAnswersCannotBeExchanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProgram(t)
		drawHidden(t, p)
		r, err := controller.Find(context.Background(), p, controller.Options{Grantable: every})
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict != controller.Minimal {
			return
		}
		if !r.Narrow {
			t.Fatalf("%v is minimal, and not narrow", r.Capabilities)
		}
		for _, c := range r.Capabilities.Members() {
			for _, l := range (p.askedWith(c) & c.Lesser()).Minus(r.Capabilities).Members() {
				if p.succeeds(r.Capabilities.Without(c).With(l)) {
					t.Fatalf("%v: %v does in the place of %v", r.Capabilities, l, c)
				}
			}
		}
	})
}

// askedWith are the capabilities that some call asks for beside c, where the
// tracer sees the refusal of the call.
func (p *program) askedWith(c caps.Cap) caps.Set {
	var s caps.Set
	for _, call := range p.calls {
		if !call.inside && !call.stubborn && slices.Contains(call.asks, c) {
			s |= caps.NewSet(call.asks...)
		}
	}
	return s
}

// TestContradictionsAreNotCalledMinimal runs programs that fail at random, or
// succeed only so often, or need more when they may do more.
func TestContradictionsAreNotCalledMinimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProgram(t)
		drawHidden(t, p)
		switch rapid.SampledFrom([]string{"flaky", "once", "more for more"}).Draw(t, "kind") {
		case "flaky":
			p.chance = rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
			p.percent = rapid.SampledFrom([]int{10, 50, 90, 99}).Draw(t, "percent")
		case "once":
			p.once = rapid.IntRange(1, 3).Draw(t, "successes")
		default:
			for i := range p.calls {
				if rapid.Bool().Draw(t, "only given") {
					p.calls[i].given = drawCap(t, "given")
				}
			}
		}
		r, err := controller.Find(context.Background(), p, controller.Options{
			Grantable: every, Confirm: rapid.IntRange(0, 4).Draw(t, "confirm"),
			Alternatives: rapid.Bool().Draw(t, "alternatives"),
		})
		if err != nil {
			t.Fatal(err)
		}
		checkConsistent(t, p, r)
	})
}

// checkConsistent wants that no attempt contradicts another one where the
// answer is called minimal, that a set which is given succeeded at least once,
// and that a minimal one has its proofs.
func checkConsistent(t fatalf, p *program, r controller.Result) {
	t.Helper()
	contradiction, succeeded := false, false
	var mustNot caps.Set
	for _, e := range r.MustNot {
		mustNot = mustNot.With(e.Cap)
	}
	for _, good := range r.Runs {
		if !good.Success {
			continue
		}
		succeeded = succeeded || good.Granted == r.Capabilities
		for _, bad := range r.Runs {
			contradiction = contradiction || !bad.Success && bad.Outcome != interrupted && bad.Granted.Contains(good.Granted) && bad.Granted&mustNot == 0
		}
	}
	switch {
	case r.Verdict == controller.NotFound && p.successes > 0:
		t.Fatalf("not found, after %d successes: %v", p.successes, grants(r))
	case r.Verdict != controller.NotFound && !succeeded:
		t.Fatalf("%v never succeeded: %v", r.Capabilities, grants(r))
	case r.Verdict == controller.Minimal && contradiction:
		t.Fatalf("called minimal after a contradiction: %v", grants(r))
	case r.Verdict == controller.Sufficient && r.Reason == "":
		t.Fatalf("unproven without a reason")
	case r.Verdict == controller.Minimal:
		checkEvidence(t, r)
	}
	if r.Verdict != controller.Minimal && r.Narrow {
		t.Fatalf("narrow, but %s", r.Verdict)
	}
}

// TestNothingKnownIsLost ends the search at any attempt, in each way, and
// wants what was known by then.
func TestNothingKnownIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, at := drawProgram(t), rapid.IntRange(1, 12).Draw(t, "at")
		drawHidden(t, p)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		opts := controller.Options{Grantable: every, Alternatives: rapid.Bool().Draw(t, "alternatives")}
		broken := errors.New("no memory")
		how := rapid.SampledFrom([]string{"interrupt", "limit", "error"}).Draw(t, "how")
		switch how {
		case "interrupt":
			p.interruptAt, p.interrupt = at, cancel
		case "limit":
			opts.MaxRuns = at
		default:
			p.errAt, p.err = at, broken
		}
		r, err := controller.Find(ctx, p, opts)
		if diff := cmp.Diff(p.attempts, r.Runs); diff != "" {
			t.Fatalf("attempts (-made +kept):\n%s", diff)
		}
		checkConsistent(t, p, r)
		if r.Interrupted && how != "interrupt" || r.Exhausted && how != "limit" || (err != nil) != errors.Is(err, broken) {
			t.Fatalf("%s: interrupted %v, exhausted %v, error %v", how, r.Interrupted, r.Exhausted, err)
		}
		ended := r.Interrupted || r.Exhausted || err != nil
		if !ended {
			checkAnswer(t, p, every, r)
		}
		if r.Verdict != controller.Minimal && r.Reason == "" {
			t.Fatalf("no reason for %s", r.Verdict)
		}
	})
}
