package attempt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

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

// awaitReady tries Ready until it succeeds, the daemon is over, or the time is.
// A command that ended well may have left a daemon behind, so it is tried on as
// long as any process of it runs.
func (d *daemon) awaitReady(ctx context.Context) (controller.Attempt, error) {
	r := d.runner
	limit := r.pace.limit(r.config.ReadyTimeout)
	within, cancel := context.WithTimeout(d.running, limit)
	defer cancel()

	began := time.Now()
	var last *HookError
	for {
		not, err := r.isReady(within)
		switch {
		case d.over() != nil:
			return d.ended(" before it was ready"), nil
		case ctx.Err() != nil:
			return controller.Attempt{}, ctx.Err()
		case err == nil && not == nil:
			return d.stays(ctx, time.Since(began))
		case within.Err() != nil:
			d.printed.preface = prefaced(last)
			return r.notReady(limit, last), nil
		case err != nil:
			return controller.Attempt{}, err
		}
		last = not
		select {
		case <-within.Done():
		case <-time.After(readyPoll):
		}
	}
}

// stays says whether the daemon lives on when it is ready.
func (d *daemon) stays(ctx context.Context, took time.Duration) (controller.Attempt, error) {
	if err := d.moment(ctx); err != nil {
		return controller.Attempt{}, err
	}
	if d.over() != nil {
		return d.ended(" though it seemed ready"), nil
	}
	d.runner.pace.ready(took)
	return controller.Attempt{Success: true, Outcome: "ready", Duration: took}, nil
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

// prefaced is what a hook printed, each line marked.
func prefaced(last *HookError) string {
	var b strings.Builder
	if last != nil {
		name := cmp.Or(hookNames[last.Hook], last.Hook)
		for line := range strings.Lines(last.Output) {
			b.WriteString("[" + name + " command] " + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	return b.String()
}

// hookNames are those that are called otherwise than they are given.
var hookNames = map[string]string{"ready": "readiness"}

// isReady runs Ready and returns how it failed, nil if it did not. A command
// that does not exist is an error.
func (r *Runner) isReady(ctx context.Context) (*HookError, error) {
	return failed(r.runHook(ctx, "ready", r.config.Ready))
}

// failed tells a hook that failed from one that could not be run.
func failed(err error) (*HookError, error) {
	var hook *HookError
	if !errors.As(err, &hook) {
		return nil, err
	}
	// POSIX sh, "Exit Status for Commands".
	switch hook.Status {
	case 126:
		hook.Outcome += ", command not executable"
		return nil, hook
	case 127:
		hook.Outcome += ", command not found"
		return nil, hook
	}
	return hook, nil
}
