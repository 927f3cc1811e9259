package attempt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/launch"
)

// HookError is a hook that failed.
type HookError struct {
	// Hook is "setup", "cleanup", or "ready" if that could not be executed.
	Hook string
	// Status is the exit status, 128+N after signal N.
	Status int
	// Outcome says how it ended: "exit 1".
	Outcome string
	// Output is what it printed.
	Output string
}

func (e *HookError) Error() string { return fmt.Sprintf("%s failed: %s", e.Hook, e.Outcome) }

// hooks runs a command of the user's by the shell, as root. What it prints
// goes to the file: not to a pipe, which a process that it leaves in the
// background would hold open. Such a process is not waited for. The command
// has a process group of its own, so that Ctrl-C reaches it only through ctx.
type hooks func(ctx context.Context, command string, printed *os.File) (syscall.WaitStatus, error)

// runHook runs a hook, if there is one.
func (r *Runner) runHook(ctx context.Context, name, command string) error {
	if command == "" {
		return nil
	}
	printed, err := memoryFile("hook")
	if err != nil {
		return err
	}
	defer printed.Close()
	status, err := r.hooks(ctx, command, printed)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("run %s: %w", name, err)
	case status == 0:
		return nil
	}
	text, err := readFrom(printed)
	if err != nil {
		return err
	}
	return &HookError{name, launch.Exit{Status: status}.Code(), describeExit(status), text}
}

// hookOnHost runs a hook as capmon itself is.
func hookOnHost(ctx context.Context, command string, printed *os.File) (syscall.WaitStatus, error) {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.Stdout, cmd.Stderr = printed, printed
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		time.AfterFunc(killGrace, func() { _ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL) })
		return unix.Kill(-cmd.Process.Pid, unix.SIGTERM)
	}
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.Sys().(syscall.WaitStatus), nil
	}
	return 0, err
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
