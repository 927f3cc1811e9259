package discover

import (
	"context"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover/controller"
)

// Verified is what became of a set that was found before.
type Verified struct {
	// Sufficient: the command succeeds with it.
	Sufficient bool
	// Superfluous are those of the set without each of which it succeeds.
	Superfluous caps.Set
	Attempts    []Attempt
}

// Verify runs the command with a set, and, unless quick, without each member
// of it. uid0 says that it is to be uid 0 in the place of the user.
func (d *Discoverer) Verify(ctx context.Context, c Command, set caps.Set, uid0, quick bool) (v Verified, err error) {
	if c.Container != nil {
		err = d.undone(c, c.Container.Undo(), func(c Command) error { return d.verify(ctx, c, set, false, quick, &v) })
		return v, err
	}
	if c.Image != nil {
		err = d.undone(c, c.Image.Undo(), func(c Command) error {
			if err := c.Image.Prepare(ctx); err != nil {
				return err
			}
			return d.verify(ctx, c, set, false, quick, &v)
		})
		return v, err
	}
	if c.Service == nil {
		err = d.verify(ctx, c, set, uid0, quick, &v)
		return v, err
	}
	err = d.prepared(ctx, c, func(c Command) error { return d.verify(ctx, c, set, false, quick, &v) })
	return v, err
}

func (d *Discoverer) verify(ctx context.Context, c Command, set caps.Set, asRoot, quick bool, v *Verified) error {
	user, err := c.identity()
	if err != nil {
		return err
	}
	var root *account.Identity
	if asRoot {
		root = uid0(user)
	}
	attempter := announced{d.attempter(c.config(user, root, d.settings)), d.settings.begin}
	try := func(grant caps.Set) (bool, error) {
		a, err := attempter.Attempt(ctx, controller.Request{Grant: grant, UID0: root != nil})
		if err != nil {
			return false, err
		}
		a.Granted, a.UID0 = grant, root != nil
		v.Attempts = append(v.Attempts, a)
		d.settings.end(len(v.Attempts), a)
		return a.Success, nil
	}
	if v.Sufficient, err = try(set); err != nil || !v.Sufficient || quick {
		return err
	}
	for _, member := range set.Members() {
		superfluous, err := try(set.Without(member))
		if err != nil {
			return err
		}
		if superfluous {
			v.Superfluous = v.Superfluous.With(member)
		}
	}
	return nil
}
