package main

import (
	"fmt"
	"os"

	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/completion"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/help"
)

// streams are the three standard streams. What a user asked for goes to out;
// progress, warnings, errors and the command's own words go to err, so that
// out can be piped and kept.
type streams struct {
	in, out, err *os.File
}

// run is capmon: it returns the exit status.
func run(args []string, stdin, stdout, stderr *os.File) int {
	s := streams{stdin, stdout, stderr}
	capmon := newCapmon(s)
	if err := refuseSetID(); err != nil {
		return exit.Report(stderr, capmon.Name, err)
	}
	if err := keepLent(toLoad); err != nil {
		return exit.Report(stderr, capmon.Name, err)
	}
	if len(args) > 1 && args[1] == completion.Call {
		return exit.Report(stderr, capmon.Name, completion.Answer(stdout, capmon, args[2:]))
	}
	called, rest := capmon.Find(args[1:])
	return exit.Report(stderr, called.Name, call(s, called, rest))
}

// call runs the command with what stands behind its name.
func call(s streams, c *command.Command, args []string) error {
	given, err := c.Parse(args)
	if err != nil {
		return err
	}
	if given.Help {
		return printText(s, help.Text(c))
	}
	return c.Run(given)
}

// newCapmon describes all of capmon.
func newCapmon(s streams) *command.Command {
	capmon := traceCommand(s)
	capmon.Commands = []*command.Command{
		discoverCommand(s), verifyCommand(s), diffCommand(s), mergeCommand(s), explainCommand(s), reportCommand(s), observeCommand(s), monitorCommand(s), doctorCommand(s), versionCommand(s), completionCommand(s),
	}
	// These two are about the others, and about themselves.
	man, help := manCommand(s, capmon), helpCommand(s, capmon)
	capmon.Commands = append(capmon.Commands, man, help)
	return capmon
}

func printText(s streams, text string) error {
	if _, err := fmt.Fprint(s.out, text); err != nil {
		return fmt.Errorf("write standard output: %w", err)
	}
	return nil
}
