package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/cmd/capmon/discoveroutput"
	"github.com/capmon/capmon/cmd/capmon/doctor"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/output"
	"github.com/capmon/capmon/cmd/capmon/state"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/trace/backend"
	"github.com/capmon/capmon/trace/follow"
)

func runDiscover(s streams, o discoverOptions) error {
	if err := requireRoot("discover"); err != nil {
		return err
	}
	id, note, err := commandIdentity(o.user)
	if err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find working directory: %w", err)
	}
	if err := checkExecutable(o.command, dir); err != nil {
		fmt.Fprintf(s.err, "capmon discover: %v\n", err)
		return exit.Status(exit.NotFound)
	}
	d, err := output.Open(s.out, o.file)
	if err != nil {
		return err
	}
	defer d.Discard()
	// The keeper comes first: it must not inherit what capmon opens later.
	keeper, err := launch.StartKeeper()
	if err != nil {
		return err
	}
	defer keeper.Close()
	sandboxes, err := o.sandbox.sandboxes()
	if err != nil {
		return err
	}
	tracer, backend, err := openTracer(o.backend)
	if err != nil {
		return err
	}
	defer tracer.Close()
	if note != "" {
		fmt.Fprintf(s.err, "capmon discover: %s\n", note)
	}
	return search(s, d, &discovery{
		options: o, keeper: keeper, sandboxes: sandboxes, tracer: tracer, identity: id, stdin: s.in,
		progress: discoveroutput.NewProgress(s.err, launch.Grantable(), o.verbose),
	}, discover.Report{
		Schema: discover.Schema, Command: o.command, Directory: dir,
		Kernel: doctor.KernelRelease(), Backend: backend,
	})
}

// openTracer returns the tracer and its backend's name; none for "none", with
// which no check is seen.
func openTracer(name string) (*follow.Tracer, string, error) {
	if name == doctor.NoBackend {
		return nil, doctor.NoBackend, nil
	}
	tracer, err := follow.Open(name)
	var unsupported *backend.UnsupportedError
	if errors.As(err, &unsupported) {
		return nil, "", fmt.Errorf("%w; --backend none finds the set without tracing, by searching alone", err)
	}
	if err != nil {
		return nil, "", err
	}
	return tracer, tracer.Backend(), nil
}

// checkExecutable finds a command that is not there before anything is run.
// What the shell runs, the shell has to find.
func checkExecutable(command []string, dir string) error {
	if len(command) == 1 {
		return nil
	}
	_, err := launch.LookPath(command[0], os.Getenv("PATH"), dir)
	return err
}

// search runs the loop and prints what it found.
func search(s streams, d *output.Destination, search *discovery, r discover.Report) error {
	ctx, restore := untilInterrupted()
	defer restore()

	found, err := search.run(ctx)
	r.Result, r.User = found, search.identity
	if err != nil {
		return searchFailed(err, search.progress)
	}
	if r.Verdict == discover.NotFound && !search.options.verbose {
		lastWords(s.err, search.progress, r.LastAsUser())
	}
	if !r.Interrupted {
		keep(s.err, r)
	}
	if err := printReport(d, search.options, r); err != nil {
		return err
	}
	if status := interruptStatus(ctx); status != 0 {
		return exit.Status(status)
	}
	return verdictStatus(r)
}

// searchFailed shows what a hook that failed had to say.
func searchFailed(err error, p *discoveroutput.Progress) error {
	var hook *attempt.HookError
	if errors.As(err, &hook) {
		p.Output(hook.Output)
	}
	return optionNamed(err)
}

// optionNamed says by which option a hook that failed was given.
func optionNamed(err error) error {
	var hook *attempt.HookError
	if errors.As(err, &hook) {
		return fmt.Errorf("--%w", hook)
	}
	return err
}

func lastWords(w io.Writer, p *discoveroutput.Progress, a discover.Attempt) {
	if a.Output == "" {
		return
	}
	fmt.Fprintln(w, "the command's own words:")
	p.Output(a.Output)
}

// keep stores the report for a later --emit. That it cannot be kept does not
// spoil the answer.
func keep(w io.Writer, r discover.Report) {
	owner, _, err := caller()
	if err == nil {
		err = state.Save(owner, r)
	}
	if err != nil {
		fmt.Fprintf(w, "capmon discover: the result is not kept for a later --emit: %v\n", err)
	}
}

func verdictStatus(r discover.Report) error {
	switch r.Verdict {
	case discover.NotFound:
		return exit.Status(exit.NotFound)
	case discover.Sufficient:
		return exit.Status(exit.Unproven)
	}
	return nil
}
