package watch

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// The names under which capmon is measured.
const (
	Followed    = "capmon '<cmd>'"
	Beside      = "beside a capmon '<cmd>'"
	Monitor     = "capmon monitor"
	FilteredCap = "capmon monitor -c, filtered out"
	FilteredPID = "capmon monitor -p, filtered out"
)

// Capmon is all the ways of a capmon binary to watch.
func Capmon(path string) []Watcher {
	return []Watcher{
		{Name: Followed, Slow: 1, Wrap: func(command []string) []string {
			return append([]string{path, "--keep-privileges", "-o", "/dev/null", "--"}, command...)
		}},
		{Name: Beside, Slow: 1, Start: beside("following",
			path, "--keep-privileges", "-o", "/dev/null", "echo following; exec sleep infinity")},
		{Name: Monitor, Slow: 1, Start: monitor(path)},
		{Name: FilteredCap, Slow: 1, Start: monitor(path, "-c", "sys_boot")},
		{Name: FilteredPID, Slow: 1, Start: monitor(path, "-p", "1")},
	}
}

// monitor starts capmon monitor as beside would, but its lines go where they
// cost nobody else anything.
func monitor(path string, options ...string) func(context.Context) (*Running, error) {
	return func(ctx context.Context) (*Running, error) {
		return StartMonitor(ctx, os.DevNull, path, options...)
	}
}

// StartMonitor starts capmon monitor with its results in a file.
func StartMonitor(ctx context.Context, file, path string, options ...string) (*Running, error) {
	results, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	defer results.Close()
	said, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer said.Close()
	cmd := exec.CommandContext(ctx, path, append([]string{"monitor"}, options...)...)
	cmd.Stdout, cmd.Stderr = results, in
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGTERM}
	cmd.Cancel = func() error { return cmd.Process.Signal(unix.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	err = cmd.Start()
	in.Close()
	if err != nil {
		return nil, err
	}
	stop := func() error {
		if err := cmd.Process.Signal(unix.SIGINT); err != nil {
			return err
		}
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("capmon monitor: %w", err)
		}
		return nil
	}
	if err := await(said, "watching"); err != nil {
		_ = stop()
		return nil, err
	}
	return &Running{PID: cmd.Process.Pid, stop: stop}, nil
}
