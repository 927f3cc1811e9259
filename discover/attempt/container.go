package attempt

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/container"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/service"
	"github.com/capmon/capmon/trace/follow"
)

// errUntraced: how a container's process ended is known from its trace alone.
var errUntraced = errors.New("a container is followed by a tracer, and none works here: capmon doctor says why")

// runContainer is run for a container.
func (r *Runner) runContainer(ctx context.Context, grant caps.Set) (controller.Attempt, error) {
	if r.tracer == nil {
		return controller.Attempt{}, errUntraced
	}
	printed, err := newOutput(account.Identity{}, r.config.ExpectOutput, r.config.Echo)
	if err != nil {
		return controller.Attempt{}, err
	}
	recording, err := r.tracer.Record()
	if err != nil {
		return controller.Attempt{}, errors.Join(err, closed(printed))
	}
	c := &contained{bundle: r.config.Container, grant: grant, recording: recording, world: container.World{
		Keeper: r.keeper, Recording: recording, Output: printed.write,
	}}
	var attempt controller.Attempt
	if r.config.Ready != "" {
		attempt, err = (&serving{c, c, r, printed}).run(ctx, recorded{recording})
	} else {
		attempt, err = r.runToEnd(ctx, c)
	}
	err = errors.Join(err, c.End(ctx))
	attempt.Output = printed.finish() + attempt.Output
	if attempt.Success && !printed.asExpected() {
		attempt.Success = false
		attempt.Outcome += ", not the expected output"
	}
	if err != nil {
		return attempt, err
	}
	err = r.collect(recording, &attempt)
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

// contained is a container as a service.
type contained struct {
	bundle    *container.Bundle
	grant     caps.Set
	recording *follow.Recording
	world     container.World
	run       *container.Run
	never     chan struct{} // of a container that was not started
}

// Start implements service.Instance.
func (c *contained) Start(ctx context.Context, limit time.Duration) (*service.Failure, error) {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	run, words, err := c.bundle.Start(within, c.world, c.grant)
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
	status, seen, err := c.recording.Status(c.run.PID())
	if err != nil || !seen {
		return &service.Failure{Outcome: "ended", Exit: 1}
	}
	return &service.Failure{Outcome: describeExit(syscall.WaitStatus(status)), Exit: launch.Exit{Status: syscall.WaitStatus(status)}.Code()}
}

// Ended implements service.Instance.
func (c *contained) Ended() <-chan struct{} {
	if c.run == nil || c.run.PID() == 0 {
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
