package controller

import (
	"context"

	"github.com/capmon/capmon/caps"
)

// climb grants what is refused, one step at a time, until the command succeeds
// or nothing is left that was refused. It says whether it succeeded.
func (f *finder) climb(ctx context.Context) (bool, error) {
	var grant caps.Set
	for {
		ok, err := f.attempt(ctx, grant)
		if err != nil || ok {
			return ok, err
		}
		more := next(f.runs[len(f.runs)-1], f.universe())
		if more == 0 {
			return false, nil
		}
		grant |= more
	}
}

// reach looks for any grant under which the command succeeds, and goes down
// from it as far as is needed to begin with a proof.
func (f *finder) reach(ctx context.Context) error {
	ok, err := f.climb(ctx)
	if err != nil || ok {
		return err
	}
	ok, err = f.everything(ctx)
	if err != nil {
		return err
	}
	if !ok {
		ok, err = f.lessThanEverything(ctx)
	}
	if err != nil || !ok && !f.opts.UID0 {
		return err
	}
	if !ok {
		return f.asUID0(ctx)
	}
	_, err = f.minimize(ctx, f.universe())
	return err
}

// universe is all that can be granted.
func (f *finder) universe() caps.Set { return f.opts.Grantable.Minus(f.without) }

func (f *finder) everything(ctx context.Context) (bool, error) {
	_, ok, err := f.holds(ctx, f.universe())
	return ok, err
}

// asUID0 is for a command that looks at its user id (geteuid(2)). With
// everything granted one attempt says whether it does.
func (f *finder) asUID0(ctx context.Context) error {
	f.uid0 = true
	ok, err := f.everything(ctx)
	if err != nil || !ok {
		return err
	}
	ok, err = f.climb(ctx)
	if err != nil || ok {
		return err
	}
	_, err = f.minimize(ctx, f.universe())
	return err
}
