// Package watch runs capmon and its peers, so that a load can be measured
// under each of them.
package watch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Watcher is one way to watch a load.
type Watcher struct {
	Name string
	// Slow is how many times fewer operations are enough to measure it.
	Slow int
	// Wrap makes a command into one that runs it watched; nil if the watcher
	// runs beside it.
	Wrap func(command []string) []string
	// Start runs it beside the load; nil if it needs no start.
	Start func(context.Context) (*Running, error)
}

// Bare is not watched at all.
const Bare = "bare"

// Command is how the load is run under the watcher.
func (w Watcher) Command(load []string) []string {
	if w.Wrap == nil {
		return load
	}
	return w.Wrap(load)
}

// Running is a watcher that has been started.
type Running struct {
	// PID is that of the watching process, 0 if there is none.
	PID  int
	stop func() error
}

// Stop ends it. Without a running watcher it does nothing.
func (r *Running) Stop() error {
	if r == nil {
		return nil
	}
	return r.stop()
}

// Begin starts the watcher where it needs that.
func (w Watcher) Begin(ctx context.Context) (*Running, error) {
	if w.Start == nil {
		return nil, nil
	}
	running, err := w.Start(ctx)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", w.Name, err)
	}
	return running, nil
}

// startLimit is how long a watcher may take until it watches.
const startLimit = 30 * time.Second

// beside starts a program and waits until it prints a line with ready in it.
// What it prints is read and dropped.
func beside(ready string, command ...string) func(context.Context) (*Running, error) {
	return func(ctx context.Context) (*Running, error) {
		out, in, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Stdout, cmd.Stderr = in, in
		cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGTERM}
		interrupt := func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGINT) }
		cmd.Cancel = interrupt
		cmd.WaitDelay = 10 * time.Second
		err = cmd.Start()
		in.Close()
		if err != nil {
			out.Close()
			return nil, err
		}
		stop := func() error {
			defer out.Close()
			if err := interrupt(); err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
			// It was interrupted, and says so in its exit status.
			_ = cmd.Wait()
			return nil
		}
		if err := await(out, ready); err != nil {
			return nil, errors.Join(err, stop())
		}
		go io.Copy(io.Discard, out)
		return &Running{PID: cmd.Process.Pid, stop: stop}, nil
	}
}

// await reads lines until one of them has the text in it.
func await(out *os.File, text string) error {
	if err := out.SetReadDeadline(time.Now().Add(startLimit)); err != nil {
		return err
	}
	var said []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), text) {
			return out.SetReadDeadline(time.Time{})
		}
		// bpftrace goes on without a probe that the kernel refuses.
		if strings.Contains(lines.Text(), "not traceable") {
			return errors.New(lines.Text())
		}
		said = append(said, lines.Text())
	}
	return fmt.Errorf("it never said %q, but: %s", text, strings.Join(said, "; "))
}
