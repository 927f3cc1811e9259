package attempt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/launch"
)

// Hooks that differ from the others: the setup is before the command, and so may
// do what is for it; the cleanup is run also if capmon dies.
const (
	setupHook   = "setup"
	cleanupHook = "cleanup"
)

// HookError is a hook that failed.
type HookError struct {
	// Hook is "setup", "cleanup", or "ready" if that could not be executed;
	// in what an attempt says of itself also "check", "exercise", "reload" and
	// "stop".
	Hook string
	// Status is the exit status, 128+N after signal N.
	Status int
	// Outcome says how it ended: "exit 1".
	Outcome string
	// TimedOut: it was ended when its time was over.
	TimedOut bool
	// Output is what it printed.
	Output string
}

func (e *HookError) Error() string { return fmt.Sprintf("%s failed: %s", e.Hook, e.Outcome) }

// helper starts what runs hooks, beside the command: on the host or in a
// sandbox. It is asked again when the command has killed that.
type helper func() (*launch.Keeper, error)

// hookSpec is a command of the user's, run by the shell as capmon itself is.
// It has a process group of its own, so that Ctrl-C reaches it only through
// capmon.
func hookSpec(command string, environ ...string) launch.Spec {
	return launch.Spec{
		Path: "/bin/sh", Args: []string{"sh", "-c", command}, Env: append(os.Environ(), environ...), Detached: true,
	}
}

// runHook runs a hook, if there is one. What it prints goes to a file: not to
// a pipe, which a process that it leaves in the background would hold open.
// Such a process is not waited for. Its environment is capmon's own, with what
// is given here.
func (r *Runner) runHook(ctx context.Context, name, command string, environ ...string) error {
	if command == "" {
		return nil
	}
	printed, err := memoryFile("hook")
	if err != nil {
		return err
	}
	defer printed.Close()
	spec := hookSpec(command, append(environ, r.environ...)...)
	if r.sealed {
		spec.Env = append(spec.Env, rootVariable+"="+insideRoot)
		// What the setup mounts is for the command.
		spec.Witness, spec.Programs = name != setupHook, programsOf(command)
	}
	spec.Stdout, spec.Stderr, spec.Bequeathed = printed, printed, name == cleanupHook
	status, err := r.execHook(ctx, spec)
	outcome, timedOut := describeExit(status), errors.Is(err, context.DeadlineExceeded)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case timedOut:
		outcome = fmt.Sprintf("timed out after %v", r.config.HookTimeout)
	case err != nil:
		return fmt.Errorf("run %s: %w", name, err)
	case status == 0:
		return nil
	}
	text, err := readFrom(printed)
	if err != nil {
		return err
	}
	if spec.Witness {
		text += witnessNote(command, launch.Exit{Status: status}.Code())
	}
	return &HookError{Hook: name, Status: launch.Exit{Status: status}.Code(), Outcome: outcome, TimedOut: timedOut, Output: text}
}

// execHook runs a hook to its end, and ends it when ctx ends or its time is
// over: the error is then ctx's or context.DeadlineExceeded.
func (r *Runner) execHook(ctx context.Context, spec launch.Spec) (syscall.WaitStatus, error) {
	limit, cancel := context.WithTimeout(ctx, r.config.HookTimeout)
	defer cancel()
	process, err := r.launchHook(ctx, spec)
	if errors.Is(err, launch.ErrKeeperDied) {
		// The command killed it, as "kill -9 -1" does.
		process, err = r.launchHook(ctx, spec)
	}
	if err != nil {
		return 0, err
	}
	exit, err := process.Wait(limit)
	if err != nil && limit.Err() != nil {
		if err := process.EndHook(killGrace); err != nil {
			return 0, err
		}
		return 0, limit.Err()
	}
	return exit.Status, err
}

// launchHook starts a hook also when ctx has ended: what was started can be
// ended and waited for, what is being started cannot.
func (r *Runner) launchHook(ctx context.Context, spec launch.Spec) (*launch.Process, error) {
	keeper, err := r.helper()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.config.HookTimeout)
	defer cancel()
	return keeper.Launch(ctx, spec, nil)
}

func memoryFile(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make file in memory: %w", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

func readFrom(f *os.File) (string, error) {
	var kept clipped
	if _, err := io.Copy(&kept, io.NewSectionReader(f, 0, 1<<62)); err != nil {
		return "", fmt.Errorf("read what was printed: %w", err)
	}
	return kept.String(), nil
}

// describeExit says how a process ended.
func describeExit(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "killed by " + unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("exit %d", status.ExitStatus())
}
