package controller

import (
	"errors"
	"fmt"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

// whyUnproven says in a sentence why a set that suffices is not called
// minimal. err is what ended the search, if anything did.
func (f *finder) whyUnproven(err error) string {
	switch {
	case f.conflict != nil:
		return f.whyInconsistent()
	case errors.Is(err, errInterrupted):
		return "interrupted before it was shown that all of it is needed"
	case errors.Is(err, errExhausted):
		return fmt.Sprintf("stopped after %s, before it was shown that all of it is needed", attempts(len(f.runs)))
	}
	return fmt.Sprintf("stopped before it was shown that all of it is needed: %v", err)
}

// whyInconsistent explains the attempts that contradict each other.
func (f *finder) whyInconsistent() string {
	earlier, later := f.runs[f.conflict.earlier-1], f.runs[f.conflict.later-1]
	again := f.confirmed
	switch {
	case f.succeedsSometimes():
		return fmt.Sprintf("the command succeeds only sometimes: repeated %s with %s, it succeeded %s",
			times(again.Runs), describe(f.best), times(again.Succeeded))
	case f.onlyOnce():
		return fmt.Sprintf("the command succeeded with %s (attempt %d), and failed with the same when it was repeated (attempt %d, %s): "+
			"so its failures prove nothing, unless what an attempt leaves behind is in the way of the next",
			describe(earlier.Granted), f.conflict.earlier, f.conflict.later, later.Outcome)
	}
	reason := fmt.Sprintf("the command %s with %s (attempt %d) and %s with %s (attempt %d): either it succeeds only sometimes, or it needs more when it may do more",
		ended(earlier), describe(earlier.Granted), f.conflict.earlier, ended(later), describe(later.Granted), f.conflict.later)
	if again.Runs > 0 {
		reason += fmt.Sprintf("; repeated %s with %s, it succeeded %s", times(again.Runs), describe(f.best), times(again.Succeeded))
	}
	return reason
}

// whyNotFound says in a sentence why there is no set.
func (f *finder) whyNotFound(err error) string {
	switch {
	case errors.Is(err, errInterrupted):
		return "interrupted before a set was found" + f.refusedSoFar()
	case errors.Is(err, errExhausted):
		return fmt.Sprintf("no set was found in %s%s", attempts(len(f.runs)), f.refusedSoFar())
	case err != nil:
		return fmt.Sprintf("stopped before a set was found: %v", err)
	}
	last := lastAsUser(f.runs)
	if hindered := last.hindered(); hindered != "" {
		return "no set of capabilities makes the command succeed in a sandbox: " + hindered
	}
	if needed := f.unheld(trace.Check.Decisive); needed != 0 {
		return fmt.Sprintf("needs %s, which capmon does not hold", names(needed))
	}
	reason := fmt.Sprintf("no set of capabilities makes the command succeed: it fails even with every capability that capmon holds (%s)", last.Outcome)
	if f.uid0 {
		reason += ", and as uid 0 as well"
	}
	if perhaps := f.unheld(plausible); perhaps != 0 {
		return fmt.Sprintf("%s; %s, which capmon does not hold, was refused and may be what it needs", reason, names(perhaps))
	}
	if f.leftSomething() {
		reason += "; the first attempt failed otherwise: what an attempt leaves behind may be in the way of the next"
	}
	return reason
}

// unheld returns the capabilities that cannot be granted and whose refusal in
// the last attempt, by which everything else was granted, is of the kind
// given.
func (f *finder) unheld(kind func(trace.Check) bool) caps.Set {
	var s caps.Set
	for _, c := range refusals(lastAsUser(f.runs)) {
		if kind(c) {
			s = s.With(c.Cap)
		}
	}
	return s.Minus(f.opts.Grantable)
}

// leftSomething says whether it looks as if the first attempt failed for want
// of a capability, and later ones for what the first had left behind.
func (f *finder) leftSomething() bool {
	if f.opts.Sandboxed {
		return false
	}
	first, last := f.runs[0], lastAsUser(f.runs)
	return next(first, f.opts.Grantable) != 0 && first.Output != last.Output
}

func (f *finder) refusedSoFar() string {
	if refused := refused(f.allRuns()); refused != 0 {
		return "; refused so far: " + names(refused)
	}
	return ""
}

func ended(a Attempt) string {
	if a.Success {
		return "succeeded"
	}
	return "failed"
}

// describe names a grant within a sentence.
func describe(s caps.Set) string {
	if s == 0 {
		return "no capability"
	}
	return names(s)
}

// names lists capabilities as a person would: A, B and C.
func names(s caps.Set) string {
	list := s.Names()
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " and " + list[last]
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}
