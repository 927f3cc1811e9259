package controller

import (
	"context"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

// exchange makes a minimal set narrow: it tries for each capability the lesser
// ones that may do in its place. Each exchange makes the set less powerful, so
// this ends.
func (f *finder) exchange(ctx context.Context) error {
	for {
		exchanged, err := f.exchangeOne(ctx)
		if err != nil {
			return err
		}
		if !exchanged {
			f.narrow = true
			return nil
		}
		// Beside the lesser capability others may be needless.
		if err := f.prove(ctx); err != nil {
			return err
		}
	}
}

// exchangeOne exchanges the most powerful capability that can be exchanged,
// and says whether there was one. All the lesser ones are tried together: as a
// rule none of them helps, and one attempt shows it for all.
func (f *finder) exchangeOne(ctx context.Context) (bool, error) {
	for _, c := range strongestFirst(f.best) {
		lesser := f.substitutes(c) & f.universe() &^ f.best
		if lesser == 0 {
			continue
		}
		n, ok, err := f.holds(ctx, f.best.Without(c)|lesser)
		if err == nil && !ok && supportIn(f.runs[n-1], c) < shown {
			// Perhaps it cannot succeed a second time.
			err = f.again(ctx, f.best)
		}
		if ok {
			f.best = f.runs[n-1].Granted
			f.proven = false
		}
		if err == nil && ok {
			_, err = f.reduce(ctx, f.best)
		}
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// substitutes returns the lesser capabilities that may do in the place of c:
// those that a refused call asked for together with c, and those by which a
// program tried another way to its goal, and was refused. When nothing is known
// of what c is needed for, that is all that are less powerful.
func (f *finder) substitutes(c caps.Cap) caps.Set {
	var candidates caps.Set
	named := false
	for _, a := range f.failures() {
		refused := refusals(a)
		for _, r := range refused {
			if passedOver(a, r) {
				continue
			}
			if r.Cap == c {
				named = true
				candidates |= sameCall(r, refused)
			}
			if r.Decisive() {
				candidates = candidates.With(r.Cap)
			}
		}
	}
	if !named && f.support(c) == unexplained {
		return lesser(f.universe(), c)
	}
	if !named {
		candidates |= c.Lesser()
	}
	return lesser(candidates, c)
}

// lesser returns the members of s that are less powerful than c.
func lesser(s caps.Set, c caps.Cap) caps.Set {
	for _, other := range s.Members() {
		if caps.ComparePower(other, c) >= 0 {
			s = s.Without(other)
		}
	}
	return s
}

// sameCall returns the capabilities that were refused in the same system call
// as r.
func sameCall(r trace.Check, refused []trace.Check) caps.Set {
	var s caps.Set
	for _, other := range refused {
		if other.Call == r.Call && other.Process.PID == r.Process.PID {
			s = s.With(other.Cap)
		}
	}
	return s
}
