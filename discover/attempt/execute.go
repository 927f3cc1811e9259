package attempt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace/follow"
)

// killGrace is how long a process may take to end after SIGTERM.
const killGrace = 2 * time.Second

// run makes the attempt proper, between setup and check.
func (r *Runner) run(ctx context.Context, grant caps.Set, user account.Identity) (controller.Attempt, error) {
	stdin, closeStdin, err := r.input.open(user)
	if err != nil {
		return controller.Attempt{}, err
	}
	defer closeStdin()
	printed, err := newOutput(user, r.config.ExpectOutput, r.config.Echo)
	if err != nil {
		return controller.Attempt{}, err
	}
	var recording *follow.Recording
	arm := func(tid int) (err error) {
		if r.tracer != nil && recording == nil {
			recording, err = r.tracer.Arm(tid)
		}
		return err
	}
	attempt, started, err := r.execute(ctx, r.spec(grant, user, stdin, printed.write), arm, printed, func() recorded { return recorded{recording} })
	printed.judge(&attempt)
	if err != nil || recording == nil {
		return attempt, err
	}
	err = r.collect(recording, &attempt, nil)
	if !started && errors.Is(err, follow.ErrNotSeen) {
		// Not even a process could be made, as with RLIMIT_NPROC.
		err = nil
	}
	return attempt, err
}

func (r *Runner) spec(grant caps.Set, user account.Identity, stdin, out *os.File) launch.Spec {
	spec := launch.Spec{
		Path: r.config.Command[0], Args: r.config.Command,
		Env:   user.Environ(r.config.Env),
		Stdin: stdin, Stdout: out, Stderr: out,
		Identity: &user, Grant: &grant, NoNewPrivs: true, OwnKeyring: r.sealed,
	}
	if len(r.config.Command) == 1 {
		spec.Path = "/bin/sh"
		spec.Args = []string{"sh", "-c", r.config.Command[0]}
	}
	return spec
}

// execute starts the command, waits until it is known whether it succeeded,
// and ends what is left of it. started: it was executed.
func (r *Runner) execute(ctx context.Context, spec launch.Spec, arm func(int) error, printed *output, seen func() recorded) (_ controller.Attempt, started bool, err error) {
	// What the command does to its keeper must not cost more than its time.
	starting, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	process, err := r.keeper.Launch(starting, spec, arm)
	if err != nil && starting.Err() != nil {
		err = r.keeper.End(context.WithoutCancel(ctx), killGrace)
		if ctx.Err() != nil {
			err = errors.Join(ctx.Err(), err)
		}
		return timedOut(r.config.Timeout, "not started"), false, err
	}
	var failed *launch.ExecError
	if errors.As(err, &failed) {
		return controller.Attempt{Exit: failed.ExitStatus(), Outcome: "not executed: " + failed.Error()}, false, nil
	}
	if err != nil {
		return controller.Attempt{}, false, err
	}
	attempt, alone, err := r.await(ctx, process, printed, seen())
	if err == nil {
		err = r.check(ctx, &attempt)
	}
	if !alone {
		if err := r.keeper.End(context.WithoutCancel(ctx), killGrace); err != nil {
			return attempt, true, err
		}
	}
	if ctx.Err() != nil {
		return attempt, true, ctx.Err()
	}
	return attempt, true, err
}

// await returns how the command went, and whether no process of it is left.
func (r *Runner) await(ctx context.Context, process *launch.Process, printed *output, seen recorded) (controller.Attempt, bool, error) {
	if r.config.Ready != "" {
		return r.awaitDaemon(ctx, newDaemon(ctx, r, process, printed), seen)
	}
	limit, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	exit, err := process.Wait(limit)
	if err != nil && ctx.Err() == nil && limit.Err() != nil {
		if r.pace.firstTimeout() {
			r.config.Warn(ErrTookAllTime)
		}
		return timedOut(r.config.Timeout, "timed out"), false, nil
	}
	if err != nil {
		return controller.Attempt{}, false, err
	}
	return r.ended(exit), exit.Alone, nil
}

// awaitDaemon is await for a daemon, which goes through its scenarios.
func (r *Runner) awaitDaemon(ctx context.Context, d *daemon, seen recorded) (controller.Attempt, bool, error) {
	defer d.forget(nil)
	attempt, err := d.awaitReady(ctx)
	switch {
	case err != nil:
	case !attempt.Success:
		attempt.Scenario = controller.Start
	default:
		err = goThrough(ctx, d, seen, &attempt)
	}
	return attempt, d.alone(), err
}

// ended is how an attempt went that ended by itself.
func (r *Runner) ended(exit launch.Exit) controller.Attempt {
	return controller.Attempt{
		Success:  exit.Status.Exited() && exit.Code() == r.config.ExpectExit,
		Exit:     exit.Code(),
		Outcome:  describeExit(exit.Status),
		Duration: exit.Duration,
	}
}

// timedOut is an attempt that took too long, with the exit status that
// timeout(1) gives it.
func timedOut(limit time.Duration, what string) controller.Attempt {
	return controller.Attempt{
		Exit: 124, Outcome: fmt.Sprintf("%s after %v", what, limit), Duration: limit,
	}
}
