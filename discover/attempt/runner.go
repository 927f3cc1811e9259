// Package attempt makes real attempts: it starts the command under a grant,
// has the kernel's checks recorded, and leaves no process behind.
//
// To discover what a command needs, use package discover.
//
//	runner := attempt.NewRunner(attempt.Config{
//		Command: []string{"chroot / true"}, Identity: nobody,
//		Timeout: time.Minute, Warn: func(err error) { log.Print(err) },
//	}, keeper, tracer)
//	made, err := runner.Attempt(ctx, controller.Request{Grant: caps.NewSet(caps.SysChroot)})
package attempt

import (
	"context"
	"errors"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace/follow"
)

// Runner makes attempts, one at a time.
type Runner struct {
	config Config
	keeper *launch.Keeper
	tracer *follow.Tracer
	input  input
	pace   *pace
	helper helper
	// sealed: the sandbox goes with capmon, and nothing is left to clean up.
	sealed bool
	// root is where the command's root directory is for capmon.
	root string
	// inContainer runs a check inside, and environ is what hooks are told of the
	// container; set while one runs.
	inContainer func(context.Context) error
	environ     []string
}

// NewRunner returns a runner that starts the command through the keeper. A
// nil tracer sees no checks.
func NewRunner(config Config, keeper *launch.Keeper, tracer *follow.Tracer) *Runner {
	if config.HookTimeout == 0 {
		config.HookTimeout = DefaultHookTimeout
	}
	return &Runner{config: config, keeper: keeper, tracer: tracer, input: newInput(config.Stdin, config.Warn), helper: keeper.Helper, pace: new(pace)}
}

// Attempt implements controller.Attempter. When ctx ends, so does the attempt;
// the cleanup is run all the same.
func (r *Runner) Attempt(ctx context.Context, request controller.Request) (controller.Attempt, error) {
	if err := r.bequeath(); err != nil {
		return controller.Attempt{}, err
	}
	if err := r.runHook(ctx, setupHook, r.config.Setup); err != nil {
		// A setup that failed has nothing to be undone; one that was
		// interrupted or took too long may have.
		var failed *HookError
		if ctx.Err() != nil || errors.As(err, &failed) && failed.TimedOut {
			r.cleanup()
		} else {
			r.disinherit()
		}
		return controller.Attempt{}, err
	}
	defer r.cleanup()
	if err := r.unready(ctx); err != nil {
		return controller.Attempt{}, err
	}
	r.pace.begin()
	if r.config.Service != nil {
		return r.runService(ctx, request.Grant)
	}
	if r.config.Container != nil {
		return r.runContainer(ctx, request.Grant)
	}
	if r.config.Image != nil {
		return r.runImage(ctx, request.Grant)
	}
	return r.run(ctx, request.Grant, r.identity(request))
}

func (r *Runner) identity(request controller.Request) account.Identity {
	if request.UID0 && r.config.Root != nil {
		return *r.config.Root
	}
	return r.config.Identity
}

// check asks --check about an attempt that succeeded so far. What the command
// left running, as a daemon does, runs still.
func (r *Runner) check(ctx context.Context, attempt *controller.Attempt) error {
	if !attempt.Success {
		return nil
	}
	err := r.runCheck(ctx)
	var failed *HookError
	if !errors.As(err, &failed) {
		return err
	}
	attempt.Success = false
	attempt.Outcome += ", check failed: " + failed.Outcome
	attempt.Output += failed.Output
	return nil
}
