package controller

import (
	"context"

	"github.com/capmon/capmon/caps"
)

// few is how many capabilities are tried one by one rather than by halves.
const few = 6

// minimize returns a minimal set within universe, which was granted in an
// attempt that succeeded. It looks first among what that attempt made use of:
// most commands ask for all that they need. Only for one that looks at its own
// capabilities instead is the rest searched.
func (f *finder) minimize(ctx context.Context, universe caps.Set) (caps.Set, error) {
	likely := f.likely(universe)
	n, ok, err := f.holds(ctx, likely)
	if err != nil {
		return 0, err
	}
	if ok {
		// It was the second success, and under less than the first.
		return f.reduce(ctx, f.runs[n-1].Granted)
	}
	if !explained(f.runs[n-1]) {
		// Perhaps it cannot succeed a second time, or the failure was chance.
		if err := f.again(ctx, universe); err != nil {
			return 0, err
		}
		if f.runs[n-1].Granted == likely {
			if _, err := f.attempt(ctx, likely); err != nil {
				return 0, err
			}
		}
	}
	// It is still a good part of the answer: find first what it lacks.
	set, err := f.extend(ctx, likely, f.byLikelihood(universe.Minus(likely)))
	if err != nil {
		return 0, err
	}
	return f.reduce(ctx, set)
}

// likely is what of universe the attempt with it made use of; where no use is
// seen, what was refused before.
func (f *finder) likely(universe caps.Set) caps.Set {
	if used := f.used(universe); used != 0 {
		return used & universe
	}
	var refused caps.Set
	for _, a := range f.failures() {
		for _, c := range refusals(a) {
			if plausible(c) && !passedOver(a, c) {
				refused = refused.With(c.Cap)
			}
		}
	}
	return refused & universe
}

// candidate is a capability that may be needed, and how likely, beside others.
type candidate struct {
	cap    caps.Cap
	weight int
}

// extend adds to base what it lacks, out of candidates with all of which it is
// known to suffice.
//
// It finds the shortest beginning of the list that suffices, by halves of the
// weight. The last one in it is needed: all that came before did not suffice.
// What is left is searched in the same way for the next, beside those found,
// until these suffice alone. With many to be found this would take longer than
// to try each one, which reduce does then.
func (f *finder) extend(ctx context.Context, base caps.Set, rest []candidate) (caps.Set, error) {
	needed := base
	for found := 0; found < 4; found++ {
		_, ok, err := f.holds(ctx, needed)
		if err != nil || ok {
			return needed, err
		}
		low, high := 1, len(rest) // needed and rest[:high] suffice, with rest[:low-1] not
		for low < high {
			middle := split(rest, low, high)
			_, ok, err := f.holds(ctx, needed|setOf(rest[:middle]))
			switch {
			case err != nil:
				return 0, err
			case ok:
				high = middle
			default:
				low = middle + 1
			}
		}
		needed = needed.With(rest[high-1].cap)
		rest = rest[:high-1]
	}
	return needed | setOf(rest), nil
}

// split returns where rest[low-1:high] is cut into halves of the same weight;
// at least low, and less than high.
func split(rest []candidate, low, high int) int {
	total := 0
	for _, c := range rest[low-1 : high] {
		total += c.weight
	}
	middle, sum := low, rest[low-1].weight
	for middle < high-1 && 2*(sum+rest[middle].weight) <= total {
		sum += rest[middle].weight
		middle++
	}
	return middle
}

func setOf(list []candidate) caps.Set {
	var s caps.Set
	for _, c := range list {
		s = s.With(c.cap)
	}
	return s
}

// evenly makes each of the capabilities as likely as any other, the least
// powerful first: what extend adds is then as weak as can be.
func evenly(s caps.Set) []candidate {
	var list []candidate
	for _, c := range s.ByPower() {
		list = append(list, candidate{c, 1})
	}
	return list
}

// reduce takes away from set, which suffices, all that is not needed: the most
// powerful first, so that of two that can stand in for each other the lesser
// stays.
func (f *finder) reduce(ctx context.Context, set caps.Set) (caps.Set, error) {
	if set.Len() > few {
		var err error
		if set, err = f.extend(ctx, 0, evenly(set)); err != nil {
			return 0, err
		}
	}
	for _, c := range strongestFirst(set) {
		if !set.Has(c) {
			continue
		}
		n, ok, err := f.holds(ctx, set.Without(c))
		if err != nil {
			return 0, err
		}
		if ok {
			set &= f.runs[n-1].Granted
		}
	}
	return set, nil
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
		if useful(c) {
			used = used.With(c.Cap)
		}
	}
	return used
}

// refused returns the capabilities of all refusals that may have made one of
// the attempts fail.
func refused(attempts []Attempt) caps.Set {
	var refused caps.Set
	for _, a := range attempts {
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
