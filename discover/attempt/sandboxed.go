package attempt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace/follow"
)

// Sandboxed makes each attempt in a sandbox of its own, hooks included.
// Several may be made at the same time.
type Sandboxed struct {
	runner    *Runner
	sandboxes *launch.Sandboxes
	warnOnce  sync.Once
}

// NewSandboxed is NewRunner for attempts in sandboxes. A terminal as standard
// input is left outside.
func NewSandboxed(config Config, sandboxes *launch.Sandboxes, tracer *follow.Tracer) *Sandboxed {
	if isTerminal(config.Stdin) {
		config.Stdin = nil
	}
	return &Sandboxed{runner: NewRunner(config, nil, tracer), sandboxes: sandboxes}
}

// Attempt implements controller.Attempter.
func (s *Sandboxed) Attempt(ctx context.Context, request controller.Request) (controller.Attempt, error) {
	box, err := s.sandboxes.Start()
	if err != nil {
		return controller.Attempt{}, err
	}
	s.warnOnce.Do(func() {
		for _, r := range box.ReadOnly {
			s.runner.config.Warn(errors.New(r.String()))
		}
	})
	inside := *s.runner
	inside.keeper = box.Keeper()
	inside.hooks = hooksIn(box)
	inside.root = fmt.Sprintf("/proc/%d/root", box.Keeper().PID())
	attempt, err := inside.Attempt(ctx, request)
	for _, h := range box.Hindrances() {
		attempt.Hindrances = append(attempt.Hindrances, controller.Hindrance(h))
	}
	return attempt, errors.Join(err, box.Close())
}

// hooksIn runs hooks in a sandbox, beside the command.
func hooksIn(box *launch.Sandbox) hooks {
	return func(ctx context.Context, command string, printed *os.File) (syscall.WaitStatus, error) {
		process, err := launchHook(ctx, box, command, printed)
		if errors.Is(err, launch.ErrKeeperDied) {
			// The command killed it, as `kill -9 -1` does.
			process, err = launchHook(ctx, box, command, printed)
		}
		if err != nil {
			return 0, err
		}
		exit, err := process.Wait(ctx)
		if err != nil && ctx.Err() != nil {
			if err := process.Signal(unix.SIGTERM); err != nil {
				return 0, err
			}
			exit, err = process.Wait(context.WithoutCancel(ctx))
		}
		return exit.Status, err
	}
}

func launchHook(ctx context.Context, box *launch.Sandbox, command string, printed *os.File) (*launch.Process, error) {
	keeper, err := box.Helper()
	if err != nil {
		return nil, err
	}
	return keeper.Launch(ctx, launch.Spec{
		Path: "/bin/sh", Args: []string{"sh", "-c", command}, Env: os.Environ(),
		Stdout: printed, Stderr: printed, Detached: true,
	}, nil)
}
