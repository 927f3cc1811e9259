package service

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/executor"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/unit"
)

// job is one command of the unit.
type job struct {
	option  string // such as ExecStartPre
	command unit.Command
	// beside: it runs while the main process does.
	beside  bool
	sockets []executor.Socket
}

// String names it: "ExecStartPre=/bin/mkdir".
func (j job) String() string { return j.option + "=" + j.command.Path }

// runAll runs the commands one after the other, until one fails.
func (i *ownRun) runAll(ctx context.Context, option string, commands []unit.Command, beside bool, limit time.Duration) (*Failure, error) {
	for _, c := range commands {
		failed, err := i.run(ctx, job{option: option, command: c, beside: beside}, limit)
		if failed != nil || err != nil {
			return failed, err
		}
	}
	return nil, nil
}

// run runs a command to its end.
func (i *ownRun) run(ctx context.Context, j job, limit time.Duration) (*Failure, error) {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	process, err := i.launch(within, j)
	var exit launch.Exit
	if err == nil {
		exit, err = process.Wait(within)
	}
	timedOut := err != nil && ctx.Err() == nil && within.Err() != nil
	if ended := i.endJob(ctx, j, process, err != nil); ended != nil {
		return nil, ended
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && !timedOut:
		return nil, err
	case j.command.MayFail || !timedOut && exit.Status.Exited() && exit.Code() == 0:
		return nil, nil
	case timedOut:
		return failure(124, "%s: timed out after %v", j, limit), nil
	}
	return failure(exit.Code(), "%s: %s", j, describeExit(exit)), nil
}

// endJob ends what a command left behind, if that is in the way of the next.
func (i *ownRun) endJob(ctx context.Context, j job, process *launch.Process, unfinished bool) error {
	switch {
	case !j.beside:
		return i.world.Keeper.End(context.WithoutCancel(ctx), killGrace)
	case process != nil && unfinished:
		return process.EndHook(killGrace)
	}
	return nil
}

// launch starts a command of the unit.
func (i *ownRun) launch(ctx context.Context, j job) (*launch.Process, error) {
	environ := i.environ
	if pid := i.MainPID(); pid != 0 && j.beside {
		environ = set(slices.Clone(environ), fmt.Sprintf("MAINPID=%d", pid))
	}
	plan := i.plan(j.command, i.grant, environ)
	plan.Sockets = j.sockets
	path, args, env, err := plan.Command()
	if err != nil {
		return nil, err
	}
	keeper := i.world.Keeper
	if j.beside {
		if keeper, err = i.world.Helper(); err != nil {
			return nil, err
		}
	}
	spec := launch.Spec{Path: path, Args: args, Env: env, Dir: "/", Stdout: i.world.Output, Stderr: i.world.Output, Detached: j.beside, Reserved: len(j.sockets)}
	return keeper.Launch(ctx, spec, i.arm(j.command))
}

// arm has a command recorded, but for one that has all privileges whatever the
// service is granted.
func (i *ownRun) arm(c unit.Command) func(int) error {
	if i.world.Recording == nil || c.Privileges == unit.Full {
		return nil
	}
	return func(tid int) error { return i.world.Recording.Arm(tid, 1) }
}

// describeExit says how a process ended, with systemd's word for an exit
// status of its executor.
func describeExit(exit launch.Exit) string {
	if exit.Status.Signaled() {
		return "killed by " + unix.SignalName(exit.Status.Signal())
	}
	code := exit.Status.ExitStatus()
	if word, ok := executorStatus[code]; ok {
		return fmt.Sprintf("exit %d (%s)", code, word)
	}
	return fmt.Sprintf("exit %d", code)
}

// executorStatus are words of systemd.exec(5), "Process Exit Codes".
var executorStatus = map[int]string{
	200: "CHDIR", 201: "NICE", 202: "FDS", 203: "EXEC", 208: "STDIN", 210: "CHROOT", 211: "IOPRIO", 213: "SECUREBITS", 214: "SETSCHEDULER",
	216: "GROUP", 217: "USER", 218: "CAPABILITIES", 227: "NO_NEW_PRIVILEGES", 233: "RUNTIME_DIRECTORY", 238: "STATE_DIRECTORY",
	239: "CACHE_DIRECTORY", 240: "LOGS_DIRECTORY", 241: "CONFIGURATION_DIRECTORY",
}
