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
	found := 0
	for _, n := range f.pins(c) {
		if found == 0 || f.runs[n-1].Granted.Len() < f.runs[found-1].Granted.Len() {
			found = n
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
	for _, a := range f.failures() {
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
		if r.Cap == c {
			return &r
		}
	}
	return nil
}
