package discover

import (
	"context"
	"errors"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/service"
)

// discoverService is Discover for a service.
func (d *Discoverer) discoverService(ctx context.Context, c Command) (Report, error) {
	switch {
	case len(c.Args) > 0:
		return Report{}, errors.New("discover: a service and a command")
	case d.settings.sandbox == nil || !d.settings.sandbox.Net:
		if err := c.Service.Running(); err != nil {
			return Report{}, err
		}
	}
	return d.discover(ctx, c, Report{
		Schema: Schema, Command: c.Service.MainCommand(), Unit: unitOf(c), Directory: c.Service.Directory(),
		User: c.Service.User(), Kernel: kernelRelease(), Backend: d.Backend(),
	})
}

// unitOf is the unit as it is today.
func unitOf(c Command) *Unit {
	u := c.Service.Unit()
	bounding := u.Bounding & caps.All()
	return &Unit{
		Name: u.Name.String(), File: u.Fragment, DropIns: u.DropIns, Type: u.Type,
		User: u.User, GivenUser: c.Service.GivenUser(), Manager: service.ByCapmon,
		Limited: bounding != caps.All(), Bounding: bounding, Ambient: u.Ambient,
		NoNewPrivileges: u.NoNewPrivileges, Skipped: c.Skip,
		Unapplied: c.Service.Unapplied(), Ignored: u.Ignored,
	}
}
