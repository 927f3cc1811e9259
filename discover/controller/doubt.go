package controller

import (
	"context"
	"slices"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

// How often something has to be seen before it is believed. A command that
// fails by chance half of the time gives any sequence of n outcomes once in
// 2^n: where nothing else speaks for a set than that it failed here and
// succeeded there, some fourteen outcomes are wanted that could have been others.
// Where something else does, one repeat; where the process that failed had
// been refused the capability, none.
const (
	failuresUnexplained = 7
	// Of several, each.
	failuresOfSeveral    = 4
	successesUnexplained = 7
	failuresHinted       = 2
)

// support is the evidence, besides its outcome, that an attempt failed for
// want of a capability.
type support int

const (
	unexplained support = iota
	// hinted: the process that failed was refused it before, or its program
	// makes use of it where the command succeeds, or speaks of permissions.
	hinted
	// shown: the process that failed met the refusal last.
	shown
)

// doubt repeats what may have been chance: failures that no refusal explains,
// and the successes beside them.
func (f *finder) doubt(ctx context.Context) error {
	var weak []caps.Cap
	for _, c := range strongestFirst(f.best) {
		switch f.support(c) {
		case unexplained:
			weak = append(weak, c)
		case hinted:
			if err := f.repeat(ctx, f.best.Without(c), failuresHinted); err != nil {
				return err
			}
		}
	}
	times := failuresUnexplained
	if len(weak) > 1 {
		times = failuresOfSeveral
	}
	if len(weak) > few {
		times = failuresHinted
	}
	for _, c := range weak {
		if err := f.repeat(ctx, f.best.Without(c), times); err != nil {
			return err
		}
	}
	uid0 := f.uid0 && !f.speaksOfUser()
	if uid0 {
		if err := f.doubtUser(ctx); err != nil {
			return err
		}
	}
	if len(weak) == 0 && !uid0 {
		return nil
	}
	return f.repeat(ctx, f.best, successesUnexplained)
}

// support is the best there is for c in the attempts that failed without it.
func (f *finder) support(c caps.Cap) support {
	best := unexplained
	n := f.latest(f.best)
	for _, pin := range f.pins(c) {
		failed := f.runs[pin-1]
		if n != 0 && usedBy(f.runs[n-1], failed.Failed, c) {
			best = max(best, hinted)
		}
		best = max(best, supportIn(failed, c))
	}
	return best
}

// usedBy says whether the program of a process that failed elsewhere made use
// of c in a, which succeeded.
func usedBy(a Attempt, failed *trace.Process, c caps.Cap) bool {
	return a.Success && slices.ContainsFunc(a.Checks, func(check trace.Check) bool {
		return check.Cap == c && useful(check) && (failed == nil || check.Process.Exe == failed.Exe)
	})
}

// pins are the numbers of the attempts that failed with all of the best set
// but c.
func (f *finder) pins(c caps.Cap) []int {
	var pins []int
	rest := f.best.Without(c)
	for i, a := range f.runs {
		if f.has(a) && !a.Success && !a.Granted.Has(c) && a.Granted.Contains(rest) {
			pins = append(pins, i+1)
		}
	}
	return pins
}

// supportIn is the evidence in a that it failed for want of c. A process that
// is refused what it was granted has given it up. It looks at its own
// capabilities, and so at c. What was refused to another process, which the command went on
// after, says nothing, and nor do its words.
func supportIn(a Attempt, c caps.Cap) support {
	best, tolerated := unexplained, false
	for _, r := range a.Checks {
		if r.Verdict != trace.Fail || !r.InitialNS || noise(r) {
			continue
		}
		own := a.Failed == nil || r.Process.PID == a.Failed.PID && r.Process.Exe == a.Failed.Exe
		switch {
		case r.Cap == c && fatal(a, r), a.Granted.Has(r.Cap) && r.OwnCreds && r.AtEnd && fatal(a, r):
			return shown
		case r.Cap == c && plausible(r) && own && !passedOver(a, r):
			best = hinted
		case r.Decisive() && !own && !passedOver(a, r):
			tolerated = true
		}
	}
	if speaksOfPermission(a.Output) && !tolerated {
		best = hinted
	}
	return best
}

// fatal says whether the refusal is what the process that failed met last;
// where that process is not known, whether it had an effect.
func fatal(a Attempt, r trace.Check) bool {
	if a.Failed == nil {
		return r.Decisive()
	}
	return r.AtEnd && (r.Decisive() || r.Errno() != 0)
}

// explained says whether some refusal explains why a failed.
func explained(a Attempt) bool {
	for _, r := range a.Checks {
		if r.Verdict == trace.Fail && r.InitialNS && !noise(r) && fatal(a, r) {
			return true
		}
	}
	return false
}

// repeat attempts a grant until that was done so often. What led to the grant,
// by other grants, is no repeat: a search goes on whatever comes of each step.
func (f *finder) repeat(ctx context.Context, grant caps.Set, times int) error {
	for _, a := range f.runs {
		if f.has(a) && a.Granted == grant {
			times--
		}
	}
	for range times {
		if _, err := f.attempt(ctx, grant); err != nil {
			return err
		}
	}
	return nil
}

// speaksOfUser says whether the command, as the user and with everything
// granted, complained that it may not do something. What it said with less
// may have been about that.
func (f *finder) speaksOfUser() bool {
	for _, a := range f.runs {
		if !a.UID0 && !a.Success && a.Granted == f.opts.Grantable && speaksOfPermission(a.Output) {
			return true
		}
	}
	return false
}

// doubtUser repeats the attempt with everything as the user. If it succeeds
// there is no need for uid 0, and no telling when the command succeeds.
func (f *finder) doubtUser(ctx context.Context) error {
	root := f.space
	f.space = space{}
	failed := 0
	for _, a := range f.failures() {
		if !explained(a) {
			failed++
		}
	}
	for ; failed < failuresUnexplained; failed++ {
		ok, err := f.attempt(ctx, f.universe())
		if ok {
			f.best = f.universe()
		}
		if err != nil {
			return err
		}
	}
	f.space = root
	return nil
}
