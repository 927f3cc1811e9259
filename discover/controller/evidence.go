package controller

import (
	"cmp"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

// evidence says for each capability of the best set why it is there.
func (f *finder) evidence() []Evidence {
	var list []Evidence
	for _, c := range f.best.Members() {
		n := f.failedWithout(c)
		list = append(list, Evidence{Cap: c, FailedWithout: n, Check: f.namedBy(c, n)})
	}
	return list
}

// failedWithout returns the number of the attempt that shows best that c is
// needed: it failed with all the rest of the set and, if there is a choice,
// with as little as possible beside it. 0 if there is none.
func (f *finder) failedWithout(c caps.Cap) int {
	rest, found := f.best.Without(c), 0
	for i, a := range f.runs {
		if a.UID0 != f.uid0 || a.Success || a.Granted.Has(c) || !a.Granted.Contains(rest) {
			continue
		}
		if found == 0 || a.Granted.Len() < f.runs[found-1].Granted.Len() {
			found = i + 1
		}
	}
	return found
}

// namedBy returns the refusal that names c best, one in attempt n if that is
// as good as any; nil if none names it. The overcommit test names
// CAP_SYS_ADMIN in every attempt and explains nothing.
func (f *finder) namedBy(c caps.Cap, n int) *trace.Check {
	var best *trace.Check
	if n != 0 {
		best = likeliest(f.runs[n-1], c)
	}
	for _, a := range f.runs {
		if a.Success || a.UID0 != f.uid0 {
			continue
		}
		r := likeliest(a, c)
		if r != nil && (best == nil || compareWeight(*r, *best) < 0) {
			best = r
		}
	}
	return best
}

// compareWeight is negative when a, as a kind of refusal, explains more than b.
func compareWeight(a, b trace.Check) int {
	return cmp.Or(
		trueFirst(a.Decisive(), b.Decisive()),
		trueFirst(a.Audited, b.Audited),
		trueFirst(a.OwnCreds, b.OwnCreds),
	)
}

// likeliest returns the refusal of c in a that is likeliest to have mattered,
// nil if there is none.
func likeliest(a Attempt, c caps.Cap) *trace.Check {
	for _, r := range refusals(a) {
		if r.Cap == c && !r.Overcommit() {
			return &r
		}
	}
	return nil
}
