package attempt

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace/follow"
)

// stopGrace is how long a daemon may take to end after Stop.
const stopGrace = 10 * time.Second

// cleanSignals end a daemon well: systemd.service(5), SuccessExitStatus=.
var cleanSignals = []syscall.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGPIPE}

// recorded is what is traced of an attempt; empty if nothing is.
type recorded struct{ *follow.Recording }

// mark says that what was checked until now belongs to a scenario.
func (r recorded) mark(s controller.Scenario) error {
	if r.Recording == nil {
		return nil
	}
	return r.Mark(s)
}

// step is what happens to a daemon in one scenario. It fails with a *HookError,
// or returns in words why it has; an empty text is success.
type step struct {
	scenario controller.Scenario
	done     string // the end of "ready, ..."
	run      func(context.Context) (failure string, err error)
}

// steps are the scenarios that follow the start, in their order.
func (d *daemon) steps() []step {
	c := d.runner.config
	var list []step
	if c.Exercise != "" {
		list = append(list, step{controller.Serve, "served", d.exercise})
	}
	if c.Reload != "" {
		list = append(list, step{controller.Reload, "reloaded", d.reload})
	}
	if c.Stop != "" {
		list = append(list, step{controller.Stop, "stopped", d.stop})
	}
	return list
}

// subject is what goes through scenarios.
type subject interface {
	steps() []step
	// fate is what to say of one that ended by itself; "" while it runs.
	fate() string
	// preface says what a hook printed that failed.
	preface(text string)
}

// goThrough takes a daemon that is ready through the other scenarios. It
// changes the attempt if one of them fails.
func goThrough(ctx context.Context, d subject, seen recorded, attempt *controller.Attempt) error {
	steps := d.steps()
	if len(steps) == 0 {
		return nil
	}
	if err := seen.mark(controller.Start); err != nil {
		return err
	}
	attempt.Passed = []controller.Scenario{controller.Start}
	for _, s := range steps {
		failure, err := s.run(ctx)
		hook, err := failed(err)
		if err != nil {
			return err
		}
		if hook != nil {
			d.preface(prefaced(hook))
			failure = "failed: " + hook.Outcome
		}
		if err := seen.mark(s.scenario); err != nil {
			return err
		}
		if failure != "" {
			attempt.Success, attempt.Scenario = false, s.scenario
			attempt.Outcome = fmt.Sprintf("%s %s", s.scenario, failure) + d.fate()
			return nil
		}
		attempt.Passed = append(attempt.Passed, s.scenario)
		attempt.Outcome += ", " + s.done
	}
	return nil
}

func (d *daemon) preface(text string) { d.printed.preface = text }

// fate is what to say of a daemon that ended by itself.
func (d *daemon) fate() string {
	over := d.over()
	if over == nil {
		return ""
	}
	return ", the daemon ended: " + over.attempt.Outcome
}

// exercise uses the daemon, as its clients would.
func (d *daemon) exercise(ctx context.Context) (string, error) {
	return "", d.runner.runHookOf(ctx, d.process.PID, "exercise", d.runner.config.Exercise)
}

// reload makes the daemon read its configuration again; it must be ready then.
func (d *daemon) reload(ctx context.Context) (string, error) {
	if err := d.runner.runHookOf(ctx, d.process.PID, "reload", d.runner.config.Reload); err != nil {
		return "", err
	}
	if err := d.moment(ctx); err != nil {
		return "", err
	}
	if d.over() != nil {
		return "failed", nil
	}
	again, err := d.awaitReady(ctx)
	if err != nil || again.Success {
		return "", err
	}
	return "failed: " + again.Outcome, nil
}

// stop ends the daemon, which must end well.
func (d *daemon) stop(ctx context.Context) (string, error) {
	r := d.runner
	d.forget(nil)
	if err := r.runHookOf(ctx, d.process.PID, "stop", r.config.Stop); err != nil {
		return "", err
	}
	limit, cancel := context.WithTimeout(ctx, min(stopGrace, r.config.Timeout))
	defer cancel()
	err := r.keeper.WaitAll(limit)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil && limit.Err() != nil:
		return "failed: it still runs", nil
	case err != nil:
		return "", err
	}
	exit, err := d.process.Wait(ctx)
	if err != nil || r.endedWell(exit) {
		return "", err
	}
	return "failed: " + describeExit(exit.Status), nil
}

// endedWell says whether a daemon that was stopped ended as it should.
func (r *Runner) endedWell(exit launch.Exit) bool {
	if exit.Status.Signaled() {
		return slices.Contains(cleanSignals, exit.Status.Signal())
	}
	return exit.Code() == 0 || exit.Code() == r.config.ExpectExit
}

// runHookOf runs a hook that is about a process, with its id in MAINPID as
// systemd.exec(5) has it.
func (r *Runner) runHookOf(ctx context.Context, mainPID int, name, command string) error {
	return r.runHook(ctx, name, command, fmt.Sprintf("MAINPID=%d", mainPID))
}
