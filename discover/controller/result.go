package controller

import (
	"errors"
)

// result is what is known when the search has ended with err, or well.
func (f *finder) result(err error) Result {
	r := Result{
		NeedsRoot:    f.found && f.uid0,
		Verdict:      f.verdict(),
		Capabilities: f.best,
		Narrow:       f.narrow && f.proven && f.excluded && f.conflict == nil,
		MustNot:      f.mustNot,
		Tolerated:    f.tolerated(),
		Scenarios:    f.scenarios(),
		Alternatives: f.alternatives,
		Unheld:       refused(f.allRuns()).Minus(f.opts.Grantable),
		Refused:      refused(f.allRuns()),
		Advice:       f.advice(err),
		Confirmed:    f.confirmed,
		Interrupted:  errors.Is(err, errInterrupted),
		Exhausted:    errors.Is(err, errExhausted),
		Runs:         f.allRuns(),
	}
	r.Elevated = elevated(r.Runs)
	for _, a := range r.Runs {
		r.Lost += a.Lost
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
	case f.proven && f.excluded && f.conflict == nil:
		return Minimal
	}
	return Sufficient
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

// LastAsUser is the last attempt that was not made as uid 0 in the place of the
// user; the zero Attempt if there is none.
func (r Result) LastAsUser() Attempt { return lastAsUser(r.Runs) }

func lastAsUser(runs []Attempt) Attempt {
	for n := len(runs); n > 0; n-- {
		if !runs[n-1].UID0 {
			return runs[n-1]
		}
	}
	return Attempt{}
}
