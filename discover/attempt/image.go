package attempt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/engine"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/follow"
)

// runImage is run for an image. Its hooks know the container's name.
func (r *Runner) runImage(ctx context.Context, grant caps.Set) (controller.Attempt, error) {
	defer func() { r.environ, r.inContainer = nil, nil }()
	return r.runContained(ctx, func(recording *follow.Recording, out *os.File) *contained {
		world := engine.World{Recording: recording, Output: out}
		return &contained{
			start: func(ctx context.Context) (running, string, error) {
				run, words, err := r.config.Image.Start(ctx, world, grant)
				if run == nil {
					return nil, words, err
				}
				r.environ = []string{"CONTAINER=" + run.Name()}
				r.inContainer = func(ctx context.Context) error { return r.checkInside(ctx, run) }
				return run, words, err
			},
			status: func(run running) (syscall.WaitStatus, bool) {
				if recording != nil && run.PID() != 0 {
					if status, seen, err := recording.Status(run.PID()); err == nil && seen {
						return syscall.WaitStatus(status), true
					}
				}
				return syscall.WaitStatus(run.(*engine.Run).ExitCode() << 8), true
			},
			filter: func(run running, seen trace.Trace) trace.Trace { return run.(*engine.Run).Only(seen) },
		}
	})
}

// runCheck runs Check, where it is to be run.
func (r *Runner) runCheck(ctx context.Context) error {
	if r.config.CheckInside && r.config.Check != "" {
		if r.inContainer == nil {
			return errors.New("the check is to be run inside a container, and there is none")
		}
		return r.inContainer(ctx)
	}
	return r.runHook(ctx, "check", r.config.Check)
}

// checkInside is runHook for a check inside the container.
func (r *Runner) checkInside(ctx context.Context, run *engine.Run) error {
	limit, cancel := context.WithTimeout(ctx, r.config.HookTimeout)
	defer cancel()
	status, output, err := run.Exec(limit, r.config.Check)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case limit.Err() != nil:
		return &HookError{Hook: "check", Status: 124, Outcome: fmt.Sprintf("timed out after %v", r.config.HookTimeout), TimedOut: true, Output: output}
	case err != nil:
		return err
	case status != 0:
		return &HookError{Hook: "check", Status: status, Outcome: fmt.Sprintf("exit %d", status), Output: output}
	}
	return nil
}
