package discover

import (
	"context"
	"errors"
	"strconv"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover/container"
	"github.com/capmon/capmon/discover/controller"
)

// discoverContainer is Discover for a container.
func (d *Discoverer) discoverContainer(ctx context.Context, c Command) (Report, error) {
	switch {
	case len(c.Args) > 0:
		return Report{}, errors.New("discover: a container and a command")
	case d.sandboxes != nil:
		return Report{}, errors.New("a container runtime makes no container in a sandbox: leave one of them out")
	}
	b := c.Container
	r := Report{
		Schema: Schema, Command: b.Args, Given: d.given(c), Directory: b.Dir, User: containerUser(b),
		Kernel: kernelRelease(), Backend: d.Backend(),
		Container: &controller.Container{Bundle: b.Dir, Runtime: b.Runtime, Held: b.Held(), NoNewPrivileges: b.NoNewPrivileges},
	}
	err := d.undone(c, b.Undo(), func(c Command) (err error) {
		r, err = d.discover(ctx, c, r)
		return err
	})
	return r, err
}

// containerUser is by numbers: the names in the container are its own.
func containerUser(b *container.Bundle) account.Identity {
	return account.Identity{
		Name: strconv.FormatUint(uint64(b.UID), 10), GroupName: strconv.FormatUint(uint64(b.GID), 10), UID: b.UID, GID: b.GID,
	}
}
