package discover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/emit"
	"github.com/capmon/capmon/discover/service"
)

// undoTimeout is how long it may take to start a service again that was
// stopped.
const undoTimeout = 2 * time.Minute

// discoverService is Discover for a service.
func (d *Discoverer) discoverService(ctx context.Context, c Command) (Report, error) {
	if len(c.Args) > 0 {
		return Report{}, errors.New("discover: a service and a command")
	}
	r := Report{
		Schema: Schema, Command: c.Service.MainCommand(), Unit: unitOf(c), Directory: c.Service.Directory(),
		User: c.Service.User(), Kernel: kernelRelease(), Backend: d.Backend(),
	}
	if c.Service.Manager() == service.BySystemd {
		return d.discoverCopy(ctx, c, r)
	}
	if d.settings.sandbox == nil || !d.settings.sandbox.Net {
		if err := c.Service.Running(); err != nil {
			return Report{}, err
		}
	}
	return d.discover(ctx, c, r)
}

// discoverCopy has systemd run a copy of the unit, and undoes that in any case.
func (d *Discoverer) discoverCopy(ctx context.Context, c Command, r Report) (_ Report, err error) {
	if d.sandboxes != nil {
		return r, errors.New("systemd runs no service in a sandbox of capmon's: have capmon run it")
	}
	active := c.Service.IsActive(ctx)
	if active && !c.StopRunning {
		return r, &service.RunningError{Name: r.Unit.Name, PID: c.Service.ActivePID(ctx)}
	}
	undo := launch.Spec{Path: "/bin/sh", Args: []string{"sh", "-c", c.Service.Undo(active)}, Env: os.Environ(), Detached: true}
	if err := d.keeper.Bequeath(&undo, undoTimeout); err != nil {
		return r, fmt.Errorf("prepare to undo: %w", err)
	}
	defer func() {
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
		defer cancel()
		err = errors.Join(err, c.Service.Finish(limit), d.keeper.Bequeath(nil, 0))
	}()
	if err := c.Service.Prepare(ctx); err != nil {
		return r, err
	}
	c.undo = &undo
	if r, err = d.discover(ctx, c, r); err != nil || r.Verdict != Minimal || r.Interrupted {
		return r, err
	}
	r.Unit.Proven, err = d.tryDropIn(ctx, c, r)
	return r, err
}

// tryDropIn says whether the service goes through all its scenarios with what
// is emitted for it.
func (d *Discoverer) tryDropIn(ctx context.Context, c Command, r Report) (bool, error) {
	var text bytes.Buffer
	if err := emit.Write(&text, "systemd", r); err != nil {
		return false, err
	}
	c.Service.UseExactly(text.String())
	config := c.config(r.User, nil, d.settings.warn)
	request := Request{Grant: r.Capabilities}
	d.settings.begin(request)
	a, err := d.attempter(config).Attempt(ctx, request)
	if err != nil {
		return false, err
	}
	a.Granted = r.Capabilities
	d.settings.end(len(r.Runs)+1, a)
	if !a.Success {
		d.settings.warn(fmt.Errorf("with the drop-in as it is printed the service fails (%s): it is not proven", a.Outcome))
	}
	return a.Success, nil
}

// unitOf is the unit as it is today.
func unitOf(c Command) *Unit {
	u := c.Service.Unit()
	bounding := u.Bounding & caps.All()
	unit := &Unit{
		Name: u.Name.String(), File: u.Fragment, DropIns: u.DropIns, Type: u.Type,
		User: u.User, GivenUser: c.Service.GivenUser(), OfUser: c.Service.OfUser(), Manager: c.Service.Manager(),
		Limited: bounding != caps.All(), Bounding: bounding, Ambient: u.Ambient,
		NoNewPrivileges: u.NoNewPrivileges, Skipped: c.Skip, Ignored: u.Ignored,
	}
	if unit.Manager == service.ByCapmon {
		unit.Unapplied = c.Service.Unapplied()
	}
	return unit
}
