package controller

import (
	"context"
	"errors"
	"slices"

	"github.com/capmon/capmon/caps"
)

// prove tries the best set without each of its capabilities, and drops those
// that are not needed: the most powerful ones first, so that of two that can
// stand in for each other the lesser stays.
func (f *finder) prove(ctx context.Context) error {
	if err := f.proveTogether(ctx); err != nil {
		return err
	}
	for _, c := range strongestFirst(f.best) {
		n, ok, err := f.instead(ctx, f.best.Without(c))
		if err != nil {
			return err
		}
		if ok {
			f.best = f.runs[n-1].Granted
		}
	}
	if err := f.recheck(ctx); err != nil {
		return err
	}
	f.proven = true
	return nil
}

// instead says whether set suffices in the place of the best set. Before it
// is tried, the best set is tried again.
func (f *finder) instead(ctx context.Context, set caps.Set) (n int, ok bool, err error) {
	if f.lookup(set) == 0 {
		if err := f.again(ctx, f.best); err != nil {
			return 0, false, err
		}
	}
	return f.holds(ctx, set)
}

// recheck attempts what was so far only inferred, where there is reason to
// doubt it. That a set fails because a greater one did is not so for a command
// which does more when it may do more, and then needs more: its capabilities
// are needed only beside each other. One sees it from the successful attempt,
// where nothing asked for the capability that is said to be needed. A command
// that looks at its own capabilities looks the same, so the attempt is made.
func (f *finder) recheck(ctx context.Context) error {
	used := f.used(f.best)
	for _, c := range strongestFirst(f.best) {
		without := f.best.Without(c)
		if used.Has(c) || f.latest(without) != 0 {
			continue
		}
		if err := f.again(ctx, f.best); err != nil {
			return err
		}
		if _, err := f.attempt(ctx, without); err != nil {
			return err
		}
	}
	return nil
}

// confirm repeats the final attempt, and those that failed without one
// capability of it, and counts.
func (f *finder) confirm(ctx context.Context) error {
	best := f.best
	sets := []caps.Set{best}
	for _, c := range strongestFirst(best) {
		sets = append(sets, best.Without(c))
	}
	for range f.opts.Confirm {
		for _, set := range sets {
			ok, err := f.attempt(ctx, set)
			if err != nil && !errors.Is(err, errConflict) {
				return err
			}
			f.confirmed.count(ok, set == best)
		}
	}
	return nil
}

func (c *Confirmation) count(ok, best bool) {
	switch {
	case best && ok:
		c.Runs, c.Succeeded = c.Runs+1, c.Succeeded+1
	case best:
		c.Runs++
	case ok:
		c.RunsWithout++
	default:
		c.RunsWithout, c.FailedWithout = c.RunsWithout+1, c.FailedWithout+1
	}
}

func strongestFirst(s caps.Set) []caps.Cap {
	members := s.ByPower()
	slices.Reverse(members)
	return members
}
