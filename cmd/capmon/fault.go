package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// The exit statuses of capmon itself. `capmon '<cmd>'` otherwise ends with the
// command's own, as env(1) and timeout(1) do.
const (
	exitFound     = 0
	exitNotFound  = 1
	exitUsage     = 2
	exitUnproven  = 3
	exitFailed    = 125
	exitSignalled = 128 // plus the signal's number
)

// usageError is a mistake of the caller's: one sentence that says what to do.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// statusError ends capmon with that status and says nothing more: all has
// been said.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// report writes the error for a human, on one line, and returns the exit
// status that it stands for.
func report(stderr io.Writer, name string, err error) int {
	var status statusError
	if err == nil {
		return exitFound
	}
	if errors.As(err, &status) {
		return int(status)
	}
	fmt.Fprintf(stderr, "%s: %s\n", name, printable(strings.ReplaceAll(err.Error(), "\n", " ")))
	var usage *usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailed
}

var (
	unknownFlag  = regexp.MustCompile(`flag provided but not defined: -+(.*)`)
	missingValue = regexp.MustCompile(`flag needs an argument: -+(.*)`)
	badValue     = regexp.MustCompile(`invalid (?:boolean )?value "(.*)" for (?:flag )?-+([^:]*): `)
)

// flagError puts the flag library's words into capmon's.
func flagError(name string, err error) error {
	text := err.Error()
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		return usagef("unknown option %s: see %s --help", dashed(m[1]), name)
	}
	if m := missingValue.FindStringSubmatch(text); m != nil {
		return usagef("%s needs a value: see %s --help", dashed(m[1]), name)
	}
	if m := badValue.FindStringSubmatch(text); m != nil {
		return usagef("%s: bad value %q: see %s --help", dashed(m[2]), m[1], name)
	}
	return usagef("%s: see %s --help", text, name)
}

func dashed(flag string) string {
	if len(flag) == 1 {
		return "-" + flag
	}
	return "--" + flag
}

// rootCause is the last error of a chain: what the kernel said.
func rootCause(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return err
}
