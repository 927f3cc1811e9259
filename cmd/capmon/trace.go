package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/cmd/capmon/doctor"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/output"
	"github.com/capmon/capmon/cmd/capmon/page"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/cmd/capmon/traceoutput"
	"github.com/capmon/capmon/cmd/capmon/version"
	"github.com/capmon/capmon/trace/traced"
)

func runTrace(s streams, o traceOptions) error {
	spec, user, err := traceSpec(s, o)
	if err != nil {
		return err
	}
	if err := requireTracing("tracing"); err != nil {
		return err
	}
	d, err := output.Open(s.out, o.file)
	if err != nil {
		return err
	}
	defer d.Discard()
	if o.page, err = openPage(o.report); err != nil {
		return err
	}
	defer o.page.discard()
	collect := leaveGarbage()
	tracer, err := traced.Open(o.backend)
	collect()
	if err != nil {
		return inContainer(err)
	}
	defer tracer.Close()
	if err := keepReading(); err != nil {
		return err
	}

	run := tracedRun{tracer: tracer, wait: o.wait}
	err = run.execute(spec)
	var notExecuted *launch.ExecError
	if errors.As(err, &notExecuted) {
		fmt.Fprintf(s.err, "capmon: %v\n", notExecuted)
		run.exit = notExecuted.ExitStatus()
	} else if err != nil {
		return err
	}
	r, err := run.report(o, user)
	if err != nil {
		return err
	}
	if err := printTrace(d, s, o, r); err != nil {
		return err
	}
	if err := tracer.Release(); err != nil {
		return err
	}
	return exit.Status(run.exit)
}

// printTrace writes the report where it was asked for.
func printTrace(d *output.Destination, s streams, o traceOptions, r traceoutput.Report) error {
	if err := traceoutput.Write(d, terminal.NewScreen(d, o.color), r, o.form); err != nil {
		return err
	}
	for _, note := range traceoutput.Notes(r, o.form) {
		fmt.Fprintf(s.err, "capmon: %s\n", note)
	}
	if err := d.Commit(); err != nil {
		return err
	}
	return o.page.write(func() page.Page { return page.OfTrace(r) })
}

// traceSpec is how the command is to be run, and the name of its user.
func traceSpec(s streams, o traceOptions) (launch.Spec, string, error) {
	spec := traced.Spec(o.command)
	spec.Stdin, spec.Stdout, spec.Stderr = s.in, s.out, s.err
	id, sudo, err := account.Caller()
	if err != nil {
		return spec, "", err
	}
	if o.user != "" || o.caps != nil {
		if err := requireRoot("running a command with --user or --caps"); err != nil {
			return spec, "", err
		}
		if id, _, err = commandIdentity(o.user); err != nil {
			return spec, "", err
		}
	} else if !sudo || o.keepPrivileges {
		return spec, id.Name, nil
	}
	spec.Identity = &id
	spec.Env = id.Environ(os.Environ())
	spec.Grant = o.caps
	spec.NoNewPrivs = o.caps != nil
	return spec, id.Name, nil
}

// tracedRun is one command and what was seen of it.
type tracedRun struct {
	tracer *traced.Tracer
	wait   waitChoice

	process *traced.Process // nil: it was not started
	exit    int
	left    []launch.Left
}

// execute runs the command to its end, and with --wait to that of its
// processes. The keys that end or stop a command are for the command: capmon
// lets them pass. SIGTERM and SIGHUP to capmon end the command.
func (r *tracedRun) execute(spec launch.Spec) (err error) {
	for _, s := range []os.Signal{unix.SIGINT, unix.SIGQUIT} {
		passing := make(chan os.Signal, 1)
		signal.Notify(passing, s)
		defer signal.Stop(passing)
	}
	ctx, restore := until(unix.SIGTERM, unix.SIGHUP)
	defer restore()

	if r.process, err = r.tracer.Start(ctx, spec); err != nil {
		return err
	}
	ended, err := r.process.Wait(ctx)
	if ctx.Err() != nil {
		r.exit = interruptStatus(ctx)
		return r.process.End(context.Background(), endGrace)
	}
	if err != nil {
		return err
	}
	r.exit = ended.Code()
	if ended.Alone {
		return nil
	}
	return r.outlived(ctx)
}

// endGrace is how long a command may take to end after SIGTERM.
const endGrace = 2 * time.Second

// outlived waits for the processes that the command left, if that is wanted,
// and notes which still run.
func (r *tracedRun) outlived(ctx context.Context) (err error) {
	if r.wait.set {
		// Ctrl-C is no longer the command's: it ends the waiting.
		ctx, restore := signal.NotifyContext(ctx, unix.SIGINT)
		defer restore()
		if r.wait.limit > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, r.wait.limit)
			defer cancel()
		}
		if err := r.process.WaitAll(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	r.left, err = r.process.Left()
	return err
}

func (r *tracedRun) report(o traceOptions, user string) (traceoutput.Report, error) {
	report := traceoutput.Report{
		Schema: traceoutput.Schema, Version: version.Read().Version, Command: o.command, User: user,
		Kernel: doctor.KernelRelease(), Backend: r.tracer.Backend(), Exit: r.exit,
	}
	for _, l := range r.left {
		report.Running = append(report.Running, traceoutput.RunningProcess{PID: l.PID, Name: l.Comm})
	}
	if r.process == nil {
		return report, nil
	}
	seen, err := r.process.Seen()
	report.Add(seen)
	return report, err
}
