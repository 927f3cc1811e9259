package controller

import (
	"errors"
	"slices"
)

// result is what is known when the search has ended with err, or well.
func (f *finder) result(err error) Result {
	r := Result{
		Verdict:      f.verdict(),
		Capabilities: f.best,
		Narrow:       f.narrow && f.proven && f.conflict == nil,
		Alternatives: f.alternatives,
		Unheld:       f.refused().Minus(f.opts.Grantable),
		Refused:      f.refused(),
		Advice:       f.advice(err),
		Confirmed:    f.confirmed,
		Interrupted:  errors.Is(err, errInterrupted),
		Exhausted:    errors.Is(err, errExhausted),
		Runs:         f.allRuns(),
	}
	switch r.Verdict {
	case Sufficient:
		r.Reason = f.whyUnproven(err)
	case NotFound:
		r.Reason = f.whyNotFound(err)
	}
	if f.found {
		r.Evidence = f.evidence()
	}
	return r
}

func (f *finder) verdict() Verdict {
	switch {
	case !f.found:
		return NotFound
	case f.proven && f.conflict == nil:
		return Minimal
	}
	return Sufficient
}

// Fill puts what was found into a report.
func (r Result) Fill(report *Report) {
	report.Verdict = r.Verdict
	report.Capabilities = r.Capabilities
	report.Narrow = r.Narrow
	report.Alternatives = r.Alternatives
	report.Unheld = r.Unheld
	report.Refused = r.Refused
	report.Reason = r.Reason
	report.Advice = r.Advice
	report.Confirmed = r.Confirmed
	report.Interrupted = r.Interrupted
	report.Exhausted = r.Exhausted
	report.Evidence = r.Evidence
	report.Runs = r.Runs
	report.Elevated = elevated(r.Runs)
	report.Lost = 0
	for _, a := range r.Runs {
		report.Lost += a.Lost
	}
}

// After is r as the second search for the same command: the attempts of the
// first come before its own, and the evidence points to the right ones.
func (r Result) After(first Result) Result {
	r.Runs = slices.Concat(first.Runs, r.Runs)
	r.Evidence = slices.Clone(r.Evidence)
	for i := range r.Evidence {
		if r.Evidence[i].FailedWithout != 0 {
			r.Evidence[i].FailedWithout += len(first.Runs)
		}
	}
	return r
}

// elevated lists each executable once that some attempt names, in the order
// in which they were first seen.
func elevated(runs []Attempt) []string {
	var list []string
	seen := map[string]bool{}
	for _, a := range runs {
		for _, path := range a.Elevated {
			if !seen[path] {
				seen[path] = true
				list = append(list, path)
			}
		}
	}
	return list
}
