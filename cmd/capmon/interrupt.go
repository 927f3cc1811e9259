package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/trace/sender"
)

// interrupted is the cause of a context that a signal ended.
type interrupted struct {
	signal unix.Signal
	by     sender.Process // zero if it is not known
}

func (e interrupted) Error() string {
	text := unix.SignalName(e.signal)
	if e.by != (sender.Process{}) {
		text += fmt.Sprintf(" from %s (process %d)", terminal.Printable(e.by.Comm), e.by.PID)
	}
	return text
}

// untilInterrupted returns a context that ends with the first of the signals
// that end a program. The second ends capmon, as it would any other. The cause
// says who sent it, as far as senders knows.
func untilInterrupted(senders senders) (context.Context, func()) {
	senders <- <-senders // From here on, none is missed.
	return untilKnown(senders.of, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGHUP)
}

// senders brings who sends signals to capmon, nil if that cannot be known. The
// command may be it, as pkill -f reaches everything that mentions a word.
type senders chan *sender.Senders

// watchSenders begins to watch for signals, beside what else capmon begins.
func watchSenders(types *bpf.Types) senders {
	s := make(senders, 1)
	go func() {
		// It is a nicety, so no error is told.
		watched, _ := sender.Watch(types)
		s <- watched
	}()
	return s
}

func (s senders) of(sig unix.Signal) sender.Process {
	watched := <-s
	s <- watched
	by, _ := watched.Of(sig)
	return by
}

func (s senders) close() { _ = (<-s).Close() }

// until returns a context that ends with the first of the signals.
func until(ends ...os.Signal) (context.Context, func()) {
	return untilKnown(func(unix.Signal) sender.Process { return sender.Process{} }, ends...)
}

// untilKnown is until where it may be known who sent a signal.
func untilKnown(by func(unix.Signal) sender.Process, ends ...os.Signal) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, ends...)
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(interrupted{s.(unix.Signal), by(s.(unix.Signal))})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// sayInterrupted tells of the signal that ended ctx, if one did.
func sayInterrupted(ctx context.Context, w io.Writer, name string) {
	var by interrupted
	if errors.As(context.Cause(ctx), &by) {
		fmt.Fprintf(w, "%s: ended by %v\n", name, by)
	}
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
