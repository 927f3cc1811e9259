package controller

import (
	"context"
	"sync"

	"github.com/capmon/capmon/caps"
)

// proveTogether makes the attempts without one capability of the best set each
// side by side, and keeps them in the order in which prove would have made
// them, which finds them there. A failure is final: a set that fails fails for
// its subsets. Where more than one capability turns out not to be needed,
// prove goes on from there, since they may stand in for each other.
func (f *finder) proveTogether(ctx context.Context) error {
	best := f.best
	sets := f.untried(best)
	if f.opts.Jobs < 2 || len(sets) < 2 {
		return nil
	}
	if err := f.again(ctx, best); err != nil {
		return err
	}
	// The best set could shrink while results come in: the sets stay.
	for len(sets) > 0 {
		room := f.opts.MaxRuns - len(f.runs)
		if room < 1 {
			return errExhausted
		}
		batch := sets[:min(len(sets), f.opts.Jobs, room)]
		sets = sets[len(batch):]
		if err := f.attemptTogether(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// untried are the sets without one capability of best of which it is not known
// whether they suffice.
func (f *finder) untried(best caps.Set) []caps.Set {
	var sets []caps.Set
	for _, c := range strongestFirst(best) {
		if set := best.Without(c); f.lookup(set) == 0 {
			sets = append(sets, set)
		}
	}
	return sets
}

func (f *finder) attemptTogether(ctx context.Context, sets []caps.Set) error {
	if ctx.Err() != nil {
		return errInterrupted
	}
	made := make([]Attempt, len(sets))
	errs := make([]error, len(sets))
	var group sync.WaitGroup
	for i, set := range sets {
		group.Go(func() {
			made[i], errs[i] = f.request(ctx, set)
		})
	}
	group.Wait()
	for i := range made {
		if _, err := f.take(ctx, made[i], errs[i]); err != nil {
			return err
		}
	}
	return nil
}
