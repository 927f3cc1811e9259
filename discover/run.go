package discover

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/controller"
)

// Run finds the smallest set of capabilities with which the command succeeds,
// and proves that each of them is needed. It is Open, Discover and Close.
//
// When ctx ends, or the attempts are used up, the report says what was known
// by then, and there is no error.
func Run(ctx context.Context, c Command, options ...Option) (_ Report, err error) {
	d, err := Open(options...)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Discover(ctx, c)
}

// Discover is Run with what is open. The report holds what is known when there
// is an error, too.
//
// The error is a *launch.ExecError if the command does not exist, and an
// *attempt.HookError if Setup failed.
func (d *Discoverer) Discover(ctx context.Context, c Command) (Report, error) {
	if c.Service != nil {
		return d.discoverService(ctx, c)
	}
	if c.Container != nil {
		return d.discoverContainer(ctx, c)
	}
	if c.Image != nil {
		return d.discoverImage(ctx, c)
	}
	if len(c.Args) == 0 {
		return Report{}, errors.New("discover: no command")
	}
	if c.Ready == "" && c.Exercise+c.Reload+c.Stop != "" {
		return Report{}, errors.New("to exercise, reload or stop a daemon takes a readiness command")
	}
	dir, err := os.Getwd()
	if errors.Is(err, fs.ErrNotExist) {
		return Report{}, errors.New("the working directory has been deleted: change to one that exists")
	}
	if err != nil {
		return Report{}, fmt.Errorf("find working directory: %w", err)
	}
	user, err := c.identity()
	if err != nil {
		return Report{}, err
	}
	if err := c.exists(dir); err != nil {
		return Report{}, err
	}
	return d.discover(ctx, c, Report{
		Schema: Schema, Command: c.Args, Given: d.given(c), Directory: dir,
		User: user, Kernel: kernelRelease(), Backend: d.Backend(),
	})
}

// discover searches, as r.User and, if that is of no use, as uid 0.
func (d *Discoverer) discover(ctx context.Context, c Command, r Report) (_ Report, err error) {
	var root *account.Identity
	if c.Service == nil && c.Container == nil && c.Image == nil {
		root = uid0(r.User)
	}
	options := d.settings.search
	options.UID0 = root != nil
	if c.Service != nil {
		options.Grantable = options.Grantable.Minus(c.Service.Unit().Withheld())
	}
	if c.Image != nil {
		options.Grantable &= c.Image.Grantable
	}
	options.Observe = d.settings.end
	attempter := d.attempter(c.config(r.User, root, d.settings))
	r.Result, err = controller.Find(ctx, announced{attempter, d.settings.begin}, options)
	if r.NeedsRoot {
		r.User = *root
	}
	return r, err
}

// given is what c says besides the command.
func (d *Discoverer) given(c Command) controller.Given {
	g := controller.Given{
		User: c.User, Skip: c.Skip, Setup: c.Setup, Check: c.Check, Cleanup: c.Cleanup,
		Ready: c.Ready, Exercise: c.Exercise, Reload: c.Reload, Stop: c.Stop,
		Timeout: c.Timeout, ReadyTimeout: c.ReadyTimeout, HookTimeout: c.HookTimeout,
		ExpectExit: c.ExpectExit, Require: d.settings.search.Require,
	}
	if c.ExpectOutput != nil {
		g.ExpectOutput = c.ExpectOutput.String()
	}
	if c.Service != nil {
		g.Unit, g.OfUser = c.Service.Asked(), c.Service.OfUser()
	}
	if c.Container != nil {
		g.Bundle, g.Runtime = c.Container.Dir, c.Container.Runtime
	}
	if i := c.Image; i != nil {
		g.Engine, g.Image, g.Arguments, g.Options, g.CheckInside = i.Engine, i.Name, i.Args, i.Options, c.CheckInside
	}
	if o := d.settings.sandbox; o != nil {
		g.Sandbox, g.Devices = "yes", o.Devices
		if o.Net {
			g.Sandbox = "net"
		}
	}
	return g
}

// uid0 is the identity of uid 0, in the place of another; nil if the user
// database has none.
func uid0(user account.Identity) *account.Identity {
	root, err := account.Lookup("0")
	if err != nil || user.UID == 0 {
		return nil
	}
	return &root
}

func (d *Discoverer) attempter(config attempt.Config) controller.Attempter {
	if d.sandboxes != nil {
		return attempt.NewSandboxed(config, d.sandboxes, d.tracer)
	}
	return attempt.NewRunner(config, d.keeper, d.tracer)
}

// announced says of each attempt that it begins.
type announced struct {
	controller.Attempter
	begin func(Request)
}

func (a announced) Attempt(ctx context.Context, r Request) (controller.Attempt, error) {
	a.begin(r)
	return a.Attempter.Attempt(ctx, r)
}

func kernelRelease() string {
	var u unix.Utsname
	// Cannot fail with a good pointer.
	_ = unix.Uname(&u)
	return unix.ByteSliceToString(u.Release[:])
}
