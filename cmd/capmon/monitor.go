package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/cmd/capmon/monitoroutput"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/trace/monitor"
)

// monitorOutput is one form in which a monitor's results are printed.
type monitorOutput interface {
	// Checks prints a burst of checks and leaves nothing in a buffer.
	Checks([]monitor.Event) error
	// Summary prints what was seen altogether.
	Summary(s *monitoroutput.Summary, lost uint64) error
}

func runMonitor(s streams, o monitorOptions) error {
	if err := requireTracing("monitor"); err != nil {
		return err
	}
	// Before the load, so that a signal does not cut it short.
	ctx, restore := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	defer restore()
	// If the output is stuck, another Ctrl-C ends capmon. Not at once, since
	// timeout(1) sends its signal twice.
	context.AfterFunc(ctx, func() { time.AfterFunc(time.Second, restore) })
	// The reader of a pipe may leave, as head does: writing then fails.
	signal.Ignore(unix.SIGPIPE)

	x, err := openExport(s, o)
	if err != nil {
		return err
	}
	defer x.discard()
	m, err := monitor.Open(o.config)
	if err != nil {
		return inContainer(err)
	}
	defer m.Close()
	if err := keepReading(); err != nil {
		return err
	}
	if err := x.start(m); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "capmon monitor: watching by %s%s; Ctrl-C ends it with a summary\n", m.Backend(), x.where())
	if o.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.limit)
		defer cancel()
	}
	err = watch(ctx, s, o, m, x)
	if errors.Is(err, unix.EPIPE) {
		return nil
	}
	return err
}

// watch prints what is seen until ctx ends, and then the summary.
func watch(ctx context.Context, s streams, o monitorOptions, m *monitor.Monitor, x *export) error {
	out := newMonitorOutput(s, o)
	total := monitoroutput.NewSummary(o.byPID)
	err := m.Run(ctx, func(burst []monitor.Event) error {
		burst = slices.DeleteFunc(burst, func(e monitor.Event) bool { return !o.wanted(e.Check.Process.Comm) })
		for _, c := range burst {
			total.Add(c.Check)
		}
		if x != nil {
			return x.add(burst)
		}
		if readerGone(s.out) {
			return unix.EPIPE
		}
		return out.Checks(burst)
	})
	if err != nil {
		return err
	}
	lost, err := m.Lost()
	if err != nil {
		return err
	}
	x.lost(lost)
	if err := out.Summary(total, lost); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "capmon monitor: %d records lost\n", lost)
	return x.end()
}

func newMonitorOutput(s streams, o monitorOptions) monitorOutput {
	if o.json {
		return monitoroutput.NewJSON(s.out)
	}
	return monitoroutput.NewText(s.out, terminal.NewScreen(s.out, o.color))
}

// readerGone says whether nobody reads the pipe any more: where there is
// nothing to write, no write would tell.
func readerGone(f *os.File) bool {
	fds := []unix.PollFd{{Fd: int32(f.Fd())}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0 && fds[0].Revents&unix.POLLERR != 0
}
