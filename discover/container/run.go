package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/trace/follow"
)

// killGrace is how long a process may take to end after SIGTERM.
const killGrace = 2 * time.Second

// runDir holds what belongs to a run.
const runDir = "/run"

// World is where a container runs, and who sees it.
type World struct {
	Keeper    *launch.Keeper
	Recording *follow.Recording
	// Output is standard output and error.
	Output *os.File
}

// Run is a container that runs, or has run.
type Run struct {
	bundle *Bundle
	world  World
	// id is its name, dir what belongs to the run: the bundle, and the
	// runtime's state.
	id, dir string
	// pid is the first process's, as capmon knows it.
	pid int
	// gone is closed when the first process has ended.
	gone chan struct{}
}

// Start has the runtime make the container, and starts it. failure says in words
// why that did not work, "" if it did. End the run in any case; it is nil if
// there is an error.
func (b *Bundle) Start(ctx context.Context, world World, grant caps.Set) (r *Run, failure string, err error) {
	b.runs++
	r = &Run{bundle: b, world: world, id: b.prefix + strconv.Itoa(b.runs), gone: make(chan struct{})}
	r.dir = filepath.Join(runDir, r.id)
	if err := os.Mkdir(r.dir, 0o700); err != nil {
		return nil, "", fmt.Errorf("make directory for the container: %w", err)
	}
	config, err := b.granted(grant)
	if err == nil {
		err = os.WriteFile(filepath.Join(r.dir, "config.json"), config, 0o600)
	}
	if err == nil {
		failure, err = r.start(ctx)
	}
	if err != nil {
		return nil, "", errors.Join(err, r.End(ctx))
	}
	return r, failure, nil
}

func (r *Run) start(ctx context.Context) (failure string, err error) {
	spec := launch.Spec{
		Path: r.bundle.Runtime, Args: append([]string{r.bundle.Runtime}, r.args("create", "--bundle", r.dir, "--pid-file", r.pidFile(), r.id)...),
		Env: os.Environ(), Dir: r.bundle.Dir, Stdout: r.world.Output, Stderr: r.world.Output,
	}
	runtime, err := r.world.Keeper.Launch(ctx, spec, nil)
	if err != nil {
		return "", err
	}
	exit, err := runtime.Wait(ctx)
	if err != nil {
		return "", err
	}
	if exit.Code() != 0 {
		return fmt.Sprintf("%s create: exit %d", filepath.Base(r.bundle.Runtime), exit.Code()), nil
	}
	text, err := os.ReadFile(r.pidFile())
	if err != nil {
		return "", fmt.Errorf("read the container's process id: %w", err)
	}
	if r.pid, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil {
		return "", fmt.Errorf("read the container's process id: %w", err)
	}
	if err := r.watch(); err != nil {
		return "", err
	}
	// The process is still the runtime's own; its next exec is the container's.
	if err := r.world.Recording.ArmProcess(r.pid); err != nil {
		return "", err
	}
	if words, err := r.tell(ctx, "start", r.id); err != nil {
		return fmt.Sprintf("%s start: %s", filepath.Base(r.bundle.Runtime), words), ctx.Err()
	}
	return "", nil
}

func (r *Run) pidFile() string { return filepath.Join(r.dir, "pid") }

// args are the runtime's arguments, with a state directory of its own.
func (r *Run) args(args ...string) []string {
	return append([]string{"--root", filepath.Join(r.dir, "state")}, args...)
}

// tell runs the runtime, and returns its last words if it fails.
func (r *Run) tell(ctx context.Context, args ...string) (string, error) {
	var words bytes.Buffer
	c := exec.CommandContext(ctx, r.bundle.Runtime, r.args(args...)...)
	c.Stderr = &words
	err := c.Run()
	lines := strings.Split(strings.TrimSpace(words.String()), "\n")
	return lines[len(lines)-1], err
}

// watch notes the end of the first process.
func (r *Run) watch() error {
	fd, err := unix.PidfdOpen(r.pid, 0)
	if err != nil {
		return fmt.Errorf("watch the container's process: %w", err)
	}
	go func() {
		defer close(r.gone)
		defer unix.Close(fd)
		for {
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
			if err != unix.EINTR {
				return
			}
		}
	}()
	return nil
}

// PID is the first process's id, 0 if there is none.
func (r *Run) PID() int { return r.pid }

// Ended is closed when the first process has ended.
func (r *Run) Ended() <-chan struct{} { return r.gone }

// WaitAll waits until no process of the container is left.
func (r *Run) WaitAll(ctx context.Context) error { return r.world.Keeper.WaitAll(ctx) }

// End ends the container, and removes it.
func (r *Run) End(ctx context.Context) error {
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	err := r.world.Keeper.End(limit, killGrace)
	// It may not exist.
	_, _ = r.tell(limit, "delete", "--force", r.id)
	return errors.Join(err, os.RemoveAll(r.dir))
}
