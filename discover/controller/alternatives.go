package controller

import (
	"context"
	"slices"

	"github.com/capmon/capmon/caps"
)

// alternativesOf lists the alternatives to the best set, the first of which is
// the best one then.
func (f *finder) alternativesOf(ctx context.Context) error {
	err := f.listAlternatives(ctx)
	if head := f.alternatives[0]; head != f.best {
		f.best, f.narrow = head, false
		if err == nil {
			err = f.settle(ctx)
		}
	}
	return err
}

// listAlternatives finds every minimal set, as far as the attempts reach.
//
// Each minimal set other than those known lacks at least one capability of
// every known one (else it would contain it and not be minimal). So one
// capability of a known set is forbidden, and a minimal set is looked for in
// all the rest; where there is none, that branch is done; where there is one,
// one of its capabilities is forbidden too. This is Reiter's tree of hitting
// sets ("A theory of diagnosis from first principles", 1987).
func (f *finder) listAlternatives(ctx context.Context) error {
	f.alternatives = []caps.Set{f.best}
	queue := forbidOneOf(f.best, 0)
	seen := map[caps.Set]bool{}
	for len(queue) > 0 {
		forbidden := queue[0]
		queue = queue[1:]
		if seen[forbidden] {
			continue
		}
		seen[forbidden] = true
		set, ok, err := f.minimalBeside(ctx, forbidden)
		if err != nil {
			return err
		}
		if ok {
			queue = append(queue, forbidOneOf(set, forbidden)...)
		}
	}
	return nil
}

// minimalBeside returns a minimal set without any of the forbidden
// capabilities, and false if there is none.
func (f *finder) minimalBeside(ctx context.Context, forbidden caps.Set) (caps.Set, bool, error) {
	for _, known := range f.alternatives {
		if known&forbidden == 0 {
			return known, true, nil
		}
	}
	n, ok, err := f.instead(ctx, f.universe().Minus(forbidden))
	if err != nil || !ok {
		return 0, false, err
	}
	set, err := f.minimize(ctx, f.runs[n-1].Granted)
	if err != nil {
		return 0, false, err
	}
	f.alternatives = append(f.alternatives, set)
	slices.SortFunc(f.alternatives, caps.Set.ComparePower)
	return set, true, nil
}

// forbidOneOf returns, for each capability of set, what is forbidden and that
// one.
func forbidOneOf(set, forbidden caps.Set) []caps.Set {
	var branches []caps.Set
	for _, c := range set.ByPower() {
		branches = append(branches, forbidden.With(c))
	}
	return branches
}
