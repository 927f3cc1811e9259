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
		lesser := f.substitutes(c) & f.opts.Grantable &^ f.best
		if lesser == 0 {
			continue
		}
		n, ok, err := f.instead(ctx, f.best.Without(c)|lesser)
		if ok {
			f.best = f.runs[n-1].Granted
			f.proven = false
		}
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// substitutes returns the lesser capabilities that a refused call asked for
// together with c. When no refusal named c, nothing is known of its call, and
// all that might do are returned.
func (f *finder) substitutes(c caps.Cap) caps.Set {
	var together caps.Set
	named := false
	for _, a := range f.runs {
		refused := refusals(a)
		for _, r := range refused {
			if r.Cap == c && !r.Overcommit() {
				named = true
				together |= sameCall(r, refused)
			}
		}
	}
	if !named {
		return c.Lesser()
	}
	return lesser(together, c)
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
