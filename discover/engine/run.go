package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace/follow"
)

// World is what sees a container.
type World struct {
	// Recording may be nil.
	Recording *follow.Recording
	// Output is standard output and error.
	Output *os.File
}

// Run is a container that runs, or has run.
type Run struct {
	image *Image
	world World
	name  string
	// pid is the first process's, as capmon knows it; 0 if it was not seen.
	pid int
	// cgroup is the directory of its cgroup, where capmon has made it.
	cgroup string
	// attached is the client that waits for the container to end, and over is
	// closed when it has.
	attached *exec.Cmd
	over     chan struct{}
}

// Start makes a container with a grant, and starts it. failure says in words why
// that did not work, "" if it did. End the run in any case; it is nil if there
// is an error.
func (i *Image) Start(ctx context.Context, world World, grant caps.Set) (r *Run, failure string, err error) {
	r = &Run{image: i, world: world, over: make(chan struct{})}
	if r.name, err = i.create(ctx, capFlags(grant)...); err != nil {
		if ctx.Err() != nil {
			return nil, "", err
		}
		return nil, i.Engine + " create: " + err.Error(), nil
	}
	if i.executable != "" {
		if err := i.giveFileCapabilities(ctx, r.name, i.executable, grant); err != nil {
			return nil, "", errors.Join(err, r.End(ctx))
		}
	}
	if i.ByPodman() {
		failure, err = r.startByPodman(ctx)
	} else {
		failure, err = r.startByDaemon(ctx)
	}
	if err != nil {
		return nil, "", errors.Join(err, r.End(ctx))
	}
	return r, failure, nil
}

// capFlags grant exactly the set.
func capFlags(grant caps.Set) []string {
	flags := []string{"--cap-drop", "ALL"}
	for _, name := range grant.Names() {
		flags = append(flags, "--cap-add", strings.TrimPrefix(name, "CAP_"))
	}
	return flags
}

// startByPodman has podman make everything but the last exec, so that capmon
// knows the process whose exec that will be.
func (r *Run) startByPodman(ctx context.Context) (failure string, err error) {
	if _, err := r.image.client.output(ctx, "init", r.name); err != nil {
		if ctx.Err() != nil {
			return "", err
		}
		return "podman init: " + err.Error(), nil
	}
	c, err := r.image.inspect(ctx, r.name)
	if err != nil {
		return "", err
	}
	r.pid = c.State.Pid
	if r.image.ownNamespace, err = ownUserNamespace(r.pid); err != nil {
		return "", err
	}
	if r.world.Recording != nil {
		if err := r.world.Recording.ArmProcess(r.pid); err != nil {
			return "", err
		}
	}
	return "", r.attach(ctx)
}

// ownUserNamespace says whether a process has another user namespace than capmon.
func ownUserNamespace(pid int) (bool, error) {
	own, err := os.Readlink("/proc/self/ns/user")
	if err != nil {
		return false, fmt.Errorf("read user namespace: %w", err)
	}
	its, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/user", pid))
	if err != nil {
		return false, fmt.Errorf("read user namespace of the container: %w", err)
	}
	return its != own, nil
}

// attach has a client start the container and read what it prints, until it has
// ended. The status of the client is then that of the container.
func (r *Run) attach(ctx context.Context) error {
	// It is ended with the container, by End, and not with ctx.
	r.attached = r.image.client.command(context.WithoutCancel(ctx), "start", "--attach", r.name)
	r.attached.Stdout, r.attached.Stderr = r.world.Output, r.world.Output
	if err := r.attached.Start(); err != nil {
		r.attached = nil
		return fmt.Errorf("start container: %w", err)
	}
	go func() {
		defer close(r.over)
		// How it ended is in its ProcessState.
		_ = r.attached.Wait()
	}()
	return nil
}

// PID is the first process's id, 0 if it is not known.
func (r *Run) PID() int { return r.pid }

// Ended is closed when the container has ended and all that it printed is read.
func (r *Run) Ended() <-chan struct{} { return r.over }

// ExitCode is the status of a container that has ended, 128+N after signal N.
func (r *Run) ExitCode() int {
	code := r.attached.ProcessState.ExitCode()
	if code < 0 {
		// The client was killed.
		return 125
	}
	return code
}

// Name is the container's name.
func (r *Run) Name() string { return r.name }

// Exec runs a command of the shell inside, as root and with every capability, so
// that what it takes is not missed. It returns the status and what was printed.
func (r *Run) Exec(ctx context.Context, command string) (status int, output string, err error) {
	cmd := r.image.client.command(ctx, "exec", "--privileged", "--user", "0", r.name, "/bin/sh", "-c", command)
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return 0, string(text), ctx.Err()
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode(), string(text), nil
	case err != nil:
		return 0, string(text), fmt.Errorf("run command in the container: %w", err)
	}
	return 0, string(text), nil
}

// End ends the container, and removes it.
func (r *Run) End(ctx context.Context) error {
	err := r.image.remove(ctx, r.name)
	if r.attached != nil {
		if err != nil {
			// Then it may still run, and the client wait for it.
			_ = r.attached.Process.Kill()
		}
		<-r.over
	}
	return errors.Join(err, r.removeCgroup())
}
