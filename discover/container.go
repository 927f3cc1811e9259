package discover

import (
	"context"
	"errors"
	"strconv"

	"github.com/capmon/capmon/caps/account"
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
		Schema: Schema, Command: b.Args, Given: d.given(c), Directory: b.Dir, User: byNumber(b.UID, b.GID),
		Kernel: kernelRelease(), Backend: d.Backend(),
		Container: &controller.Container{
			Bundle: b.Dir, Runtime: b.Runtime, Held: b.Held(), Default: b.Bounding, Ambient: true, NoNewPrivileges: b.NoNewPrivileges,
		},
	}
	err := d.undone(c, b.Undo(), func(c Command) (err error) {
		r, err = d.discover(ctx, c, r)
		return err
	})
	return r, err
}

// byNumber is a user in a container: the names there are its own.
func byNumber(uid, gid uint32) account.Identity {
	return account.Identity{
		Name: strconv.FormatUint(uint64(uid), 10), GroupName: strconv.FormatUint(uint64(gid), 10), UID: uid, GID: gid,
	}
}
