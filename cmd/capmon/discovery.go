package main

import (
	"context"
	"os"

	"github.com/capmon/capmon/caps"
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

	// needsRoot: the command succeeded only as uid 0, which identity is
	// then.
	needsRoot bool
}

// run searches as the user that was chosen, and as uid 0 if the command turns
// out to insist on that.
func (d *discovery) run(ctx context.Context) (discover.Result, error) {
	found, err := d.find(ctx)
	if err != nil || d.identity.UID == 0 || !mayInsistOnRoot(found) {
		return found, err
	}
	root, err := account.Lookup("0")
	if err != nil {
		return found, nil // no uid 0 in the user database: nothing to try
	}
	d.progress.Say("as %s it fails with every capability, and none was refused: trying as uid 0, without the power of that", d.identity.Name)
	user := d.identity
	d.identity = root
	d.progress.Offset, d.progress.Ended = len(found.Runs), 0
	asRoot, err := d.find(ctx)
	if asRoot.Verdict == discover.NotFound {
		d.identity = user
		found.Interrupted = asRoot.Interrupted
		return found, err
	}
	d.needsRoot = true
	return asRoot.After(found), err
}

// mayInsistOnRoot says whether all that is left to explain the failure is that
// the command looks at its user id (geteuid(2)): it failed with everything,
// and nothing was refused.
func mayInsistOnRoot(r discover.Result) bool {
	if r.Verdict != discover.NotFound || r.Interrupted || r.Exhausted || r.Unheld != 0 || len(r.Runs) == 0 {
		return false
	}
	return r.Runs[len(r.Runs)-1].Refusal() == nil
}

func (d *discovery) find(ctx context.Context) (discover.Result, error) {
	defer d.progress.Stop()
	o := d.options
	attempter := d.attempter(attempt.Config{
		Command: o.command, Env: d.identity.Environ(os.Environ()), Identity: d.identity, Stdin: d.stdin,
		Setup: o.setup, Check: o.check, Cleanup: o.cleanup,
		Timeout: o.timeout, ExpectExit: o.expectExit, ExpectOutput: o.expectOutput,
		Ready: o.ready, ReadyTimeout: o.readyTimeout,
		Warn: func(err error) { d.progress.Say("%v", optionNamed(err)) },
	})
	return discover.Find(ctx, announced{attempter, d.progress}, discover.Options{
		Grantable: launch.Grantable(), MaxRuns: o.maxRuns, Observe: d.progress.End,
		Confirm: o.confirm, Alternatives: o.alternatives, Jobs: o.jobs,
	})
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

func (a announced) Attempt(ctx context.Context, grant caps.Set) (discover.Attempt, error) {
	a.progress.Begin(grant)
	return a.Attempter.Attempt(ctx, grant)
}
