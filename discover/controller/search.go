package controller

import (
	"context"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

// minimize returns a minimal set within universe, which was granted in an
// attempt that succeeded. It looks first among what that attempt made use of
// and what was refused before: most commands ask for all that they need. Only
// for one that looks at its own capabilities instead is the rest searched.
func (f *finder) minimize(ctx context.Context, universe caps.Set) (caps.Set, error) {
	likely := universe & (f.used(universe) | f.refused())
	n, ok, err := f.holds(ctx, likely)
	if err != nil {
		return 0, err
	}
	if ok {
		universe = f.runs[n-1].Granted
	}
	// If the likely set succeeded, that was the second success, and under
	// less than the first; else it is not known yet whether there can be one.
	if err := f.again(ctx, universe); err != nil {
		return 0, err
	}
	if !ok {
		// It is still a good part of the answer: find first what it lacks.
		if universe, err = f.halve(ctx, likely, universe); err != nil {
			return 0, err
		}
	}
	return f.halve(ctx, 0, universe)
}

// halve returns a set within universe, which is known to suffice, from which
// nothing outside of base can be taken away; without a base it is minimal. It
// takes about log2(n) attempts for each capability beside the base, not one
// for each in the universe.
//
// With the capabilities in order of power, it finds the shortest beginning of
// the list that suffices. The last one in it is needed: all that came before
// did not suffice. What is left is searched in the same way for the next,
// beside those found, until these suffice alone. Thus the most powerful
// capability in the answer is as weak as can be, then the next, and for each
// an attempt with all the weaker ones in its place failed.
func (f *finder) halve(ctx context.Context, base, universe caps.Set) (caps.Set, error) {
	needed := base
	rest := universe.Minus(base).ByPower()
	for {
		_, ok, err := f.holds(ctx, needed)
		if err != nil || ok {
			return needed, err
		}
		low, high := 1, len(rest) // needed and rest[:high] suffice, with rest[:low-1] not
		for low < high {
			middle := (low + high) / 2
			_, ok, err := f.holds(ctx, needed|caps.NewSet(rest[:middle]...))
			switch {
			case err != nil:
				return 0, err
			case ok:
				high = middle
			default:
				low = middle + 1
			}
		}
		needed = needed.With(rest[high-1])
		rest = rest[:high-1]
	}
}

// used returns the capabilities that the last attempt with exactly this grant
// made use of; none if it did not succeed.
func (f *finder) used(grant caps.Set) caps.Set {
	var used caps.Set
	n := f.latest(grant)
	if n == 0 || !f.runs[n-1].Success {
		return used
	}
	for _, c := range f.runs[n-1].Checks {
		if c.Verdict == trace.Pass && c.InitialNS && !c.Overcommit() {
			used = used.With(c.Cap)
		}
	}
	return used
}

// refused returns the capabilities of all refusals so far that may have made
// an attempt fail.
func (f *finder) refused() caps.Set {
	var refused caps.Set
	for _, a := range f.allRuns() {
		if a.Success {
			continue
		}
		for _, c := range refusals(a) {
			if plausible(c) {
				refused = refused.With(c.Cap)
			}
		}
	}
	return refused
}

// allRuns are the attempts with the one that was interrupted.
func (f *finder) allRuns() []Attempt {
	if f.cut == nil {
		return f.runs
	}
	return append(f.runs[:len(f.runs):len(f.runs)], *f.cut)
}
