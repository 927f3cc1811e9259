package attempt

import (
	"context"
	"errors"
	"time"

	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/controller"
)

// daemon is a command that is to run until it is ended. Since it may leave its
// first process, it is over when that has failed, or no process of it is left.
type daemon struct {
	runner  *Runner
	process *launch.Process
	printed *output
	// running ends when the daemon is over, for an *overError.
	running context.Context
	forget  context.CancelCauseFunc
}

// overError is why there is nothing left to wait for.
type overError struct {
	attempt controller.Attempt
	alone   bool
}

func (e *overError) Error() string { return e.attempt.Outcome }

// newDaemon watches the process until ctx ends, or forget is called.
func newDaemon(ctx context.Context, r *Runner, process *launch.Process, printed *output) *daemon {
	d := &daemon{runner: r, process: process, printed: printed}
	d.running, d.forget = context.WithCancelCause(ctx)
	go d.watch()
	return d
}

// watch notes when the command has failed, or left no process.
func (d *daemon) watch() {
	exit, err := d.process.Wait(d.running)
	if err != nil {
		return
	}
	attempt := d.runner.ended(exit)
	if attempt.Success && !exit.Alone {
		if d.runner.keeper.WaitAll(d.running) != nil {
			return
		}
		attempt.Outcome += " and no process left,"
		exit.Alone = true
	}
	attempt.Success = false
	d.forget(&overError{attempt, exit.Alone})
}

// over is how the daemon ended; nil while it runs.
func (d *daemon) over() *overError {
	var over *overError
	if errors.As(context.Cause(d.running), &over) {
		return over
	}
	return nil
}

// ended is an attempt that failed because the daemon is over; when says in the
// words that follow how far it had come.
func (d *daemon) ended(when string) controller.Attempt {
	attempt := d.over().attempt
	attempt.Outcome += when
	return attempt
}

// alone says whether it is known that no process of the daemon is left.
func (d *daemon) alone() bool {
	over := d.over()
	return over != nil && over.alone
}

// moment lets a daemon fail that is about to.
func (d *daemon) moment(ctx context.Context) error {
	select {
	case <-time.After(readyMoment):
	case <-d.running.Done():
	}
	return ctx.Err()
}
