package main

import (
	"errors"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/capmon/capmon/cmd/capmon/exit"
)

type scriptCommand = func(*testscript.TestScript, bool, []string)

// scriptCommands are what the scripts can say besides testscript's own words.
func scriptCommands() map[string]scriptCommand {
	return map[string]scriptCommand{"status": status, "mistake": mistake}
}

// status N COMMAND ARG... runs a command that must end with N.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := exitCode(ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("status %d, want %d", got, want)
	}
}

// mistake PATTERN COMMAND ARG... runs a command that must say PATTERN in its
// only line on standard error, end with 2, and print nothing else.
func mistake(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mistake PATTERN COMMAND ARG...")
	}
	if got := exitCode(ts.Exec(args[1], args[2:]...)); got != exit.Usage {
		ts.Fatalf("status %d, want %d", got, exit.Usage)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("a mistake printed on standard output: %q", out)
	}
	said := ts.ReadFile("stderr")
	if strings.Count(said, "\n") != 1 || !regexp.MustCompile(args[0]).MatchString(said) {
		ts.Fatalf("standard error is not one line with %q:\n%s", args[0], said)
	}
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}
