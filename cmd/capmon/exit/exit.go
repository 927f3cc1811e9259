// Package exit is how capmon ends: its exit statuses, and the errors that stand
// for them.
package exit

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/terminal"
)

// The exit statuses of capmon itself. `capmon '<cmd>'` otherwise ends with the
// command's own, as env(1) and timeout(1) do.
const (
	OK        = 0
	NotFound  = 1
	Usage     = 2
	Unproven  = 3
	Failed    = 125
	Signalled = 128 // plus the signal's number
)

// UsageError is a mistake of the caller's: one sentence that says what to do.
type UsageError struct{ text string }

func (e *UsageError) Error() string { return e.text }

// Usagef is a UsageError with that text.
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}

// Status ends capmon with that status and says nothing more: all has been
// said.
type Status int

func (e Status) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Report writes the error for a human, on one line, and returns the exit
// status that it stands for.
func Report(stderr io.Writer, name string, err error) int {
	var status Status
	if err == nil {
		return OK
	}
	if errors.As(err, &status) {
		return int(status)
	}
	fmt.Fprintf(stderr, "%s: %s\n", name, terminal.Printable(strings.ReplaceAll(err.Error(), "\n", " ")))
	var usage *UsageError
	if errors.As(err, &usage) {
		return Usage
	}
	return Failed
}

// RootCause is the last error of a chain: what the kernel said.
func RootCause(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
