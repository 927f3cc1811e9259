package attempt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/container"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/service"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/follow"
)

// errUntraced: how a container's process ended is known from its trace alone.
var errUntraced = errors.New("a container is followed by a tracer, and none works here: capmon doctor says why")

// runContainer is run for a bundle.
func (r *Runner) runContainer(ctx context.Context, grant caps.Set) (controller.Attempt, error) {
	if r.tracer == nil {
		return controller.Attempt{}, errUntraced
	}
	return r.runContained(ctx, func(recording *follow.Recording, out *os.File) *contained {
		world := container.World{Keeper: r.keeper, Recording: recording, Output: out}
		return &contained{
			start: func(ctx context.Context) (running, string, error) {
				run, words, err := r.config.Container.Start(ctx, world, grant)
				if err != nil {
					return nil, "", err
				}
				return run, words, nil
			},
			status: func(run running) (syscall.WaitStatus, bool) {
				status, seen, err := recording.Status(run.PID())
				return syscall.WaitStatus(status), seen && err == nil
			},
		}
	})
}

// runContained makes an attempt of a container, recorded if there is a tracer.
func (r *Runner) runContained(ctx context.Context, contain func(*follow.Recording, *os.File) *contained) (controller.Attempt, error) {
	printed, err := newOutput(account.Identity{}, r.config.ExpectOutput, r.config.Echo)
	if err != nil {
		return controller.Attempt{}, err
	}
	var recording *follow.Recording
	if r.tracer != nil {
		if recording, err = r.tracer.Record(); err != nil {
			return controller.Attempt{}, errors.Join(err, closed(printed))
		}
	}
	c := contain(recording, printed.write)
	var attempt controller.Attempt
	if r.config.Ready != "" {
		attempt, err = (&serving{c, c, r, printed}).run(ctx, recorded{recording})
	} else {
		attempt, err = r.runToEnd(ctx, c)
	}
	err = errors.Join(err, c.End(ctx))
	printed.judge(&attempt)
	if err != nil || recording == nil {
		return attempt, err
	}
	err = r.collect(recording, &attempt, c.only)
	if errors.Is(err, follow.ErrNotSeen) && !attempt.Success {
		err = nil // the runtime did not come to start it
	}
	return attempt, err
}

// runToEnd runs a container that is no daemon.
func (r *Runner) runToEnd(ctx context.Context, c *contained) (controller.Attempt, error) {
	began := time.Now()
	failure, err := c.Start(ctx, r.config.Timeout)
	if err != nil || failure != nil {
		return failedAs(failure), err
	}
	select {
	case <-c.Ended():
	case <-time.After(r.config.Timeout):
		return timedOut(r.config.Timeout, "timed out"), nil
	case <-ctx.Done():
		return controller.Attempt{}, ctx.Err()
	}
	over := c.Over()
	attempt := controller.Attempt{
		Success: over.Exit == r.config.ExpectExit, Exit: over.Exit, Outcome: over.Outcome, Duration: time.Since(began),
	}
	return attempt, r.check(ctx, &attempt)
}

func failedAs(f *service.Failure) controller.Attempt {
	if f == nil {
		return controller.Attempt{}
	}
	return controller.Attempt{Exit: f.Exit, Outcome: f.Outcome}
}

// running is a container that was started.
type running interface {
	PID() int
	Ended() <-chan struct{}
	End(context.Context) error
}

// contained is a container as a service.
type contained struct {
	// start starts it; failure says in words why that did not work.
	start func(context.Context) (run running, failure string, err error)
	// status is how its first process ended; false if that is not known.
	status func(running) (syscall.WaitStatus, bool)
	// filter, if not nil, leaves of what was seen what is its own.
	filter func(running, trace.Trace) trace.Trace
	run    running
	never  chan struct{} // of a container that was not started
}

func (c *contained) only(seen trace.Trace) trace.Trace {
	if c.filter == nil || c.run == nil {
		return seen
	}
	return c.filter(c.run, seen)
}

// Start implements service.Instance.
func (c *contained) Start(ctx context.Context, limit time.Duration) (*service.Failure, error) {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	run, words, err := c.start(within)
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		return &service.Failure{Outcome: fmt.Sprintf("not started after %v", limit), Exit: 124}, nil
	}
	c.run = run
	if err == nil && words != "" {
		return &service.Failure{Outcome: words, Exit: 125}, nil
	}
	return nil, err
}

// Over implements service.Instance.
func (c *contained) Over() *service.Failure {
	select {
	case <-c.Ended():
	default:
		return nil
	}
	status, seen := c.status(c.run)
	if !seen {
		return &service.Failure{Outcome: "ended", Exit: 1}
	}
	return &service.Failure{Outcome: describeExit(status), Exit: launch.Exit{Status: status}.Code()}
}

// Ended implements service.Instance.
func (c *contained) Ended() <-chan struct{} {
	if c.run == nil {
		return c.never
	}
	return c.run.Ended()
}

// MainPID implements service.Instance.
func (c *contained) MainPID() int {
	if c.run == nil {
		return 0
	}
	return c.run.PID()
}

// Reload implements service.Instance.
func (c *contained) Reload(context.Context, time.Duration) (*service.Failure, error) { return nil, nil }

// Stop waits for the end that the caller's command has asked for.
func (c *contained) Stop(ctx context.Context, limit time.Duration) (*service.Failure, error) {
	select {
	case <-c.Ended():
		if over := c.Over(); over.Exit != 0 && over.Exit != 128+int(unix.SIGTERM) && over.Exit != 128+int(unix.SIGINT) {
			return over, nil
		}
		return nil, nil
	case <-time.After(limit):
		return &service.Failure{Outcome: fmt.Sprintf("it still ran after %v", limit), Exit: 124}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// End implements service.Instance.
func (c *contained) End(ctx context.Context) error {
	if c.run == nil {
		return nil
	}
	return c.run.End(ctx)
}

// Runs implements workload, as do the others.
func (c *contained) Runs() bool                  { return true }
func (c *contained) CanReload() bool             { return false }
func (c *contained) CanStop() bool               { return false }
func (c *contained) StartTimeout() time.Duration { return 0 }
func (c *contained) StopTimeout() time.Duration  { return 0 }
