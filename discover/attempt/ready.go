package attempt

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/controller"
)

const (
	// readyPoll is the time between two tries of Ready.
	readyPoll = 100 * time.Millisecond
	// readyMoment is how long a daemon must live on when Ready has succeeded:
	// another instance may have answered, while this one fails to start.
	readyMoment = 250 * time.Millisecond
	// readyBefore is how long Ready may take to fail before the command is
	// started.
	readyBefore = 5 * time.Second
)

// AlreadyReadyError says that Ready succeeded when the command had not been
// started: so it says nothing of the command.
type AlreadyReadyError struct {
	// Earlier: there was an attempt before, which may have left behind what
	// makes it so.
	Earlier bool
}

func (e *AlreadyReadyError) Error() string {
	if e.Earlier {
		return "already ready before the command was started: an attempt left behind what the readiness command looks for"
	}
	return "already ready before the command was started: is another instance running?"
}

// overError is why there is nothing left to wait for.
type overError struct {
	attempt controller.Attempt
	alone   bool
}

func (e *overError) Error() string { return e.attempt.Outcome }

// unready returns an *AlreadyReadyError unless Ready fails.
func (r *Runner) unready(ctx context.Context) error {
	if r.config.Ready == "" || !r.pace.asksBefore() {
		return nil
	}
	limit, cancel := context.WithTimeout(ctx, readyBefore)
	defer cancel()
	not, err := r.isReady(limit)
	switch {
	case err != nil && ctx.Err() == nil && limit.Err() != nil:
		// It waits for the daemon by itself.
		r.pace.waitsItself()
		return nil
	case err != nil || not != nil:
		return err
	}
	return &AlreadyReadyError{Earlier: r.pace.madeAny()}
}

// awaitReady tries Ready until it succeeds, the command has ended in failure or
// left no process, or the time is over. A command that ended well may have left
// a daemon behind, so it is tried on as long as any process of it runs. It
// returns how the command went, and whether no process of it is left.
func (r *Runner) awaitReady(ctx context.Context, process *launch.Process, printed *output) (controller.Attempt, bool, error) {
	running, end := context.WithCancelCause(ctx)
	defer end(nil)
	go r.watch(running, process, end)
	limit := r.pace.limit(r.config.ReadyTimeout)
	within, cancel := context.WithTimeout(running, limit)
	defer cancel()

	began := time.Now()
	var last *HookError
	for {
		not, err := r.isReady(within)
		var over *overError
		switch {
		case errors.As(context.Cause(running), &over):
			over.attempt.Outcome += " before it was ready"
			return over.attempt, over.alone, nil
		case ctx.Err() != nil:
			return controller.Attempt{}, false, ctx.Err()
		case err == nil && not == nil:
			return r.stays(running, time.Since(began))
		case within.Err() != nil:
			printed.preface = prefaced(last)
			return r.notReady(limit, last), false, nil
		case err != nil:
			return controller.Attempt{}, false, err
		}
		last = not
		select {
		case <-within.Done():
		case <-time.After(readyPoll):
		}
	}
}

// watch ends the wait when the command has failed, or left no process.
func (r *Runner) watch(running context.Context, process *launch.Process, end context.CancelCauseFunc) {
	exit, err := process.Wait(running)
	if err != nil {
		return
	}
	attempt := r.ended(exit)
	if attempt.Success && !exit.Alone {
		if r.keeper.WaitAll(running) != nil {
			return
		}
		attempt.Outcome += " and no process left,"
		exit.Alone = true
	}
	attempt.Success = false
	end(&overError{attempt, exit.Alone})
}

// stays says whether the command lives on when it is ready.
func (r *Runner) stays(running context.Context, took time.Duration) (controller.Attempt, bool, error) {
	select {
	case <-time.After(readyMoment):
		r.pace.ready(took)
		return controller.Attempt{Success: true, Outcome: "ready", Duration: took}, false, nil
	case <-running.Done():
	}
	var over *overError
	if errors.As(context.Cause(running), &over) {
		over.attempt.Outcome += " though it seemed ready"
		return over.attempt, over.alone, nil
	}
	return controller.Attempt{}, false, running.Err()
}

// notReady is an attempt in which Ready did not succeed in time; last is how
// it failed.
func (r *Runner) notReady(limit time.Duration, last *HookError) controller.Attempt {
	attempt := timedOut(limit, "not ready")
	if took := r.pace.slowestReady(); limit < r.config.readyTimeout() {
		attempt.Outcome += fmt.Sprintf(", others were after %v", took.Round(10*time.Millisecond))
	}
	if last == nil {
		attempt.Outcome += " (readiness command: still running)"
		return attempt
	}
	attempt.Outcome += " (readiness command: " + last.Outcome + ")"
	return attempt
}

// prefaced is what Ready printed, each line marked.
func prefaced(last *HookError) string {
	var b strings.Builder
	if last != nil {
		for line := range strings.Lines(last.Output) {
			b.WriteString("[readiness command] " + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	return b.String()
}

// isReady runs Ready and returns how it failed, nil if it did not. A command
// that does not exist is an error.
func (r *Runner) isReady(ctx context.Context) (*HookError, error) {
	err := r.runHook(ctx, "ready", r.config.Ready)
	var not *HookError
	if !errors.As(err, &not) {
		return nil, err
	}
	// POSIX sh, "Exit Status for Commands".
	switch not.Status {
	case 126:
		not.Outcome += ", command not executable"
		return nil, not
	case 127:
		not.Outcome += ", command not found"
		return nil, not
	}
	return not, nil
}
