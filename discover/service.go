package discover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"al.essio.dev/pkg/shellescape"

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
		Schema: Schema, Command: c.Service.MainCommand(), Unit: unitOf(c), Given: d.given(c), Directory: c.Service.Directory(),
		User: c.Service.User(), Kernel: kernelRelease(), Backend: d.Backend(),
	}
	err := d.prepared(ctx, c, func(c Command) (err error) {
		r, err = d.discover(ctx, c, r)
		if err != nil || c.Service.Manager() != service.BySystemd || r.Verdict != Minimal || r.Interrupted {
			return err
		}
		return d.tryDropIn(ctx, c, &r)
	})
	return r, err
}

// prepared calls use when the service can be run, and undoes in any case what
// that took.
func (d *Discoverer) prepared(ctx context.Context, c Command, use func(Command) error) error {
	if c.Service.Manager() == service.BySystemd {
		return d.copied(ctx, c, use)
	}
	if d.settings.sandbox == nil || !d.settings.sandbox.Net {
		if err := c.Service.Running(); err != nil {
			return err
		}
	}
	if d.sandboxes != nil {
		return use(c) // which goes as a whole
	}
	return d.undone(c, shellescape.QuoteCommand(append([]string{"rm", "-rf", "--"}, c.Service.Leftovers()...)), use)
}

// undone has the shell run a command when capmon dies meanwhile.
func (d *Discoverer) undone(c Command, command string, use func(Command) error) (err error) {
	undo := launch.Spec{Path: "/bin/sh", Args: []string{"sh", "-c", command}, Env: os.Environ(), Detached: true}
	if err := d.keeper.Bequeath(&undo, undoTimeout); err != nil {
		return fmt.Errorf("prepare to undo: %w", err)
	}
	defer func() { err = errors.Join(err, d.keeper.Bequeath(nil, 0)) }()
	c.undo = &undo
	return use(c)
}

// copied has systemd run a copy of the unit.
func (d *Discoverer) copied(ctx context.Context, c Command, use func(Command) error) error {
	if d.sandboxes != nil {
		return errors.New("systemd runs no service in a sandbox of capmon's: have capmon run it")
	}
	active := c.Service.IsActive(ctx)
	if active && !c.StopRunning {
		return &service.RunningError{Name: c.Service.Unit().Name.String(), PID: c.Service.ActivePID(ctx)}
	}
	return d.undone(c, c.Service.Undo(active), func(c Command) (err error) {
		defer func() {
			limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
			defer cancel()
			err = errors.Join(err, c.Service.Finish(limit))
		}()
		if err := c.Service.Prepare(ctx); err != nil {
			return err
		}
		return use(c)
	})
}

// tryDropIn takes the service through all its scenarios with what is emitted for
// it. Where that fails, so does the proof.
func (d *Discoverer) tryDropIn(ctx context.Context, c Command, r *Report) error {
	var text bytes.Buffer
	if err := emit.Write(&text, "systemd", *r); err != nil {
		return err
	}
	c.Service.UseExactly(text.String())
	config := c.config(r.User, nil, d.settings)
	request := Request{Grant: r.Capabilities}
	d.settings.begin(request)
	a, err := d.attempter(config).Attempt(ctx, request)
	if err != nil {
		return err
	}
	a.Granted = r.Capabilities
	r.Runs = append(r.Runs, a)
	d.settings.end(len(r.Runs), a)
	r.Unit.Proven = a.Success
	if !a.Success {
		r.Verdict, r.Narrow = Sufficient, false
		r.Reason = fmt.Sprintf("with the drop-in as it is printed the service fails (attempt %d, %s): what an earlier attempt has left behind may have hidden what it needs", len(r.Runs), a.Outcome)
		r.Advice = []Advice{CleanUp}
	}
	return nil
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
