package main

import (
	"context"
	"errors"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/cmd/capmon/exit"
)

// interrupted is the cause of a context that a signal ended.
type interrupted struct{ signal unix.Signal }

func (e interrupted) Error() string { return unix.SignalName(e.signal) }

// untilInterrupted returns a context that ends with the first of the signals
// that end a program. The second ends capmon, as it would any other.
func untilInterrupted() (context.Context, func()) {
	return until(unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGHUP)
}

// until returns a context that ends with the first of the signals.
func until(ends ...os.Signal) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, ends...)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(interrupted{s.(unix.Signal)})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// interruptStatus is the exit status of a program that a signal ended, as the
// shell has it; 0 when none did.
func interruptStatus(ctx context.Context) int {
	var by interrupted
	if errors.As(context.Cause(ctx), &by) {
		return exit.Signalled + int(by.signal)
	}
	return 0
}
