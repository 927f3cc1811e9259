package main

import (
	"context"
	"os"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/cmd/capmon/discoveroutput"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/trace/follow"
)

// discovery is one search, with all that its attempts need.
type discovery struct {
	options discoverOptions
	keeper  *launch.Keeper
	// sandboxes, if not nil, are what the attempts are made in.
	sandboxes *launch.Sandboxes
	tracer    *follow.Tracer
	identity  account.Identity
	stdin     *os.File
	progress  *discoveroutput.Progress
}

// run searches as the user that was chosen, and as uid 0 if the command turns
// out to insist on that.
func (d *discovery) run(ctx context.Context) (discover.Result, error) {
	defer d.progress.Stop()
	o := d.options
	root := d.root()
	attempter := d.attempter(attempt.Config{
		Command: o.command, Env: os.Environ(), Identity: d.identity, Root: root, Stdin: d.stdin,
		Setup: o.setup, Check: o.check, Cleanup: o.cleanup,
		Timeout: o.timeout, ExpectExit: o.expectExit, ExpectOutput: o.expectOutput,
		Ready: o.ready, ReadyTimeout: o.readyTimeout,
		Warn: func(err error) { d.progress.Say("%v", optionNamed(err)) },
	})
	found, err := discover.Find(ctx, announced{attempter, d.progress}, discover.Options{
		Grantable: launch.Grantable(), MaxRuns: o.maxRuns, Observe: d.progress.End,
		Confirm: o.confirm, Alternatives: o.alternatives, Jobs: o.jobs, UID0: root != nil,
	})
	if found.NeedsRoot {
		d.identity = *root
	}
	return found, err
}

// root is uid 0 where the command runs as another user, nil if it has no
// entry in the user database.
func (d *discovery) root() *account.Identity {
	root, err := account.Lookup("0")
	if err != nil || d.identity.UID == 0 {
		return nil
	}
	return &root
}

func (d *discovery) attempter(config attempt.Config) discover.Attempter {
	if d.sandboxes != nil {
		return attempt.NewSandboxed(config, d.sandboxes, d.tracer)
	}
	return attempt.NewRunner(config, d.keeper, d.tracer)
}

// announced says of each attempt that it runs.
type announced struct {
	discover.Attempter
	progress *discoveroutput.Progress
}

func (a announced) Attempt(ctx context.Context, request discover.Request) (discover.Attempt, error) {
	a.progress.Begin(request)
	return a.Attempter.Attempt(ctx, request)
}
