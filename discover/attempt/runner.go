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
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/container"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/engine"
	"github.com/capmon/capmon/discover/service"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/follow"
)

// Config is what stays the same from attempt to attempt.
type Config struct {
	// Command is run by /bin/sh -c if it is one element, as it is if there
	// are more.
	Command []string
	// Env is the command's environment, but for what a login sets, which is
	// the user's; that of the hooks is capmon's own. The directory is capmon's
	// for both, also where the user could not enter it.
	Env      []string
	Identity account.Identity
	// Root is the identity of an attempt as uid 0; nil if there is none.
	Root *account.Identity
	// Stdin is what every attempt gets to read; nil is /dev/null.
	Stdin *os.File

	// Setup, Check and Cleanup are run by /bin/sh -c, as capmon itself is:
	// Setup before every attempt, Cleanup after it, and Check, while what the
	// command left behind still runs, after one that succeeded so far. It has
	// succeeded only if Check does as well.
	Setup, Check, Cleanup string
	// HookTimeout ends each run of Setup, Check, Cleanup and Ready: SIGTERM, and
	// SIGKILL after a grace. 0 is DefaultHookTimeout.
	HookTimeout time.Duration
	// Timeout ends an attempt with all its processes.
	Timeout time.Duration
	// ExpectExit is the exit status that counts as success.
	ExpectExit int
	// ExpectOutput, if set, must match a line of what the command prints, as
	// grep(1) would.
	ExpectOutput *regexp.Regexp
	// Ready is run again and again while the command runs: when it succeeds,
	// so has the attempt, and the command, a daemon, is ended. It must fail
	// before the command is started, and some process of the command must live
	// when it has succeeded, and a moment later.
	Ready string
	// Exercise, Reload and Stop go with Ready: when the daemon is ready they
	// are run, as capmon itself is and with the daemon's process id in MAINPID.
	// Each must succeed, and the daemon live on, but for Stop, after which it
	// must end, and well. After Reload it must be ready again.
	Exercise, Reload, Stop string
	// Service, if set, takes the place of Command, Env, Identity and Stdin. It
	// is taken through the scenarios that its unit knows, but for those in
	// Skip; Ready adds to what its Type= says.
	Service *service.Service
	Skip    []controller.Scenario
	// Container takes the place of Command, Env, Identity and Stdin, too. With
	// Ready it is a daemon.
	Container *container.Bundle
	// Image is as Container.
	Image *engine.Image
	// CheckInside: Check is run inside the container of Image, which must be a
	// daemon that is not stopped.
	CheckInside bool
	// Undo, if set, is what the keeper has been bequeathed for the time of the
	// whole discovery. It is run after Cleanup.
	Undo *launch.Spec
	// ReadyTimeout is how long that may take. 0 is DefaultReadyTimeout, and
	// less once other attempts have shown how long it takes.
	ReadyTimeout time.Duration

	// Echo, if not nil, gets what the command prints, while it does.
	Echo io.Writer
	// Warn is told what went wrong without harm to the answer.
	Warn func(error)
}

func (c Config) readyTimeout() time.Duration { return cmp.Or(c.ReadyTimeout, DefaultReadyTimeout) }

// ErrTookAllTime is what Warn is told, once, of a command without Ready that
// ran until Timeout.
var ErrTookAllTime = errors.New("the command ran until its time was over, and so failed: if it is a daemon, it takes a readiness command to see that it succeeds")

// DefaultHookTimeout is how long a hook may take if nothing else is said.
const DefaultHookTimeout = time.Minute

// killGrace is how long a process may take to end after SIGTERM.
const killGrace = 2 * time.Second

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

const (
	setupHook   = "setup"
	cleanupHook = "cleanup"
)

func (r *Runner) cleanup() {
	err := r.runHook(context.Background(), cleanupHook, r.config.Cleanup)
	if err != nil {
		r.config.Warn(err)
	}
	r.disinherit()
}

// bequeath lets the cleanup be run also if capmon dies from now on.
func (r *Runner) bequeath() error {
	if r.config.Cleanup == "" || r.sealed {
		return nil
	}
	spec := hookSpec(r.config.Cleanup)
	if undo := r.config.Undo; undo != nil {
		spec = hookSpec(r.config.Cleanup + "\n" + undo.Args[len(undo.Args)-1])
	}
	if err := r.keeper.Bequeath(&spec, r.config.HookTimeout); err != nil {
		return fmt.Errorf("prepare cleanup: %w", err)
	}
	return nil
}

// disinherit says that there is nothing to clean up any more.
func (r *Runner) disinherit() {
	if r.config.Cleanup == "" || r.sealed {
		return
	}
	if err := r.keeper.Bequeath(r.config.Undo, r.config.HookTimeout); err != nil {
		r.config.Warn(fmt.Errorf("after cleanup: %w", err))
	}
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
	attempt, err := r.execute(ctx, r.spec(grant, user, stdin, printed.write), arm, printed, func() recorded { return recorded{recording} })
	attempt.Output = printed.finish() + attempt.Output
	if attempt.Success && !printed.asExpected() {
		attempt.Success = false
		attempt.Outcome += ", not the expected output"
	}
	if err != nil || recording == nil {
		return attempt, err
	}
	err = r.collect(recording, &attempt, nil)
	if strings.HasPrefix(attempt.Outcome, notExecuted) && errors.Is(err, follow.ErrNotSeen) {
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

// notExecuted begins the outcome of an attempt in which the command was not.
const notExecuted = "not executed: "

// execute starts the command, waits until it is known whether it succeeded,
// and ends what is left of it.
func (r *Runner) execute(ctx context.Context, spec launch.Spec, arm func(int) error, printed *output, seen func() recorded) (controller.Attempt, error) {
	// What the command does to its keeper must not cost more than its time.
	starting, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	process, err := r.keeper.Launch(starting, spec, arm)
	if err != nil && starting.Err() != nil {
		err = r.keeper.End(context.WithoutCancel(ctx), killGrace)
		if ctx.Err() != nil {
			err = errors.Join(ctx.Err(), err)
		}
		return timedOut(r.config.Timeout, "not started"), err
	}
	var failed *launch.ExecError
	if errors.As(err, &failed) {
		return controller.Attempt{Exit: failed.ExitStatus(), Outcome: notExecuted + failed.Error()}, nil
	}
	if err != nil {
		return controller.Attempt{}, err
	}
	attempt, alone, err := r.await(ctx, process, printed, seen())
	if err == nil {
		err = r.check(ctx, &attempt)
	}
	if !alone {
		if err := r.keeper.End(context.WithoutCancel(ctx), killGrace); err != nil {
			return attempt, err
		}
	}
	if ctx.Err() != nil {
		return attempt, ctx.Err()
	}
	return attempt, err
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

// collect adds what the tracer saw; only, if not nil, leaves of it what is the
// workload's own.
func (r *Runner) collect(recording *follow.Recording, attempt *controller.Attempt, only func(trace.Trace) trace.Trace) error {
	if err := recording.Disarm(); err != nil {
		return err
	}
	seen, err := recording.Collect()
	if err != nil {
		return err
	}
	if seen.Folded && r.pace.firstFolded() {
		r.config.Warn(fmt.Errorf("an attempt made more than %d different checks: those of processes of the same name are counted with the latest of them", follow.MostRecords))
	}
	if only != nil {
		seen = only(seen)
	}
	attempt.Checks = seen.Checks
	attempt.Lost = seen.Lost
	root := &r.root
	if r.config.Container != nil || r.config.Image != nil {
		root = nil // gone with the container
	}
	attempt.Elevated = elevated(seen.Images, root)
	blame(attempt, seen.Images)
	return nil
}
