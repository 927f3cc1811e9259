package main

import (
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/traceoutput"
	"github.com/capmon/capmon/trace/backend"
)

// traceOptions are the flags of `capmon '<cmd>'`, checked.
type traceOptions struct {
	command        []string
	form           traceoutput.Form
	file           string
	user           string
	caps           *caps.Set
	keepPrivileges bool
	wait           waitFlag
	backend        string
}

// traceFlags are capmon's flags without a subcommand. verbose and wait receive
// what the flag library has no getter for.
func traceFlags(verbose *int, wait *waitFlag) []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "show every check, also unaudited ones and those against other user namespaces"},
		&cli.BoolFlag{Name: "v", Count: verbose, Usage: "show who asked, in which system call, and how often; -vv the kernel stack too"},
		&cli.BoolFlag{Name: "tree", Usage: "show the tree of processes with the capabilities that each was asked for"},
		&cli.BoolFlag{Name: "json", Usage: "print the report as JSON (docs/trace.schema.json)"},
		&cli.StringFlag{Name: "o", Usage: "write the report to `FILE`"},
		&cli.StringFlag{Name: "user", Usage: "run the command as `NAME[:GROUP]`, without root's capabilities"},
		&cli.StringFlag{Name: "caps", Usage: "run the command with just the capabilities `CAP,...`"},
		&cli.BoolFlag{Name: "keep-privileges", Usage: "under sudo, run the command as root and not as the calling user"},
		&cli.GenericFlag{Name: "wait", Value: wait, Usage: "follow processes that outlive the command to their end, or for `TIME` at most (--wait=10s)"},
		&cli.StringFlag{Name: "backend", Usage: "trace by `NAME`: " + strings.Join(backend.Names(), ", ")},
	}
}

func parseTrace(c *cli.Context, verbose int, wait waitFlag) (traceOptions, error) {
	o := traceOptions{
		command: c.Args().Slice(),
		form:    traceoutput.Form{JSON: c.Bool("json"), Tree: c.Bool("tree"), All: c.Bool("all"), Verbose: verbose},
		file:    c.String("o"), user: c.String("user"),
		keepPrivileges: c.Bool("keep-privileges"), wait: wait, backend: c.String("backend"),
	}
	if c.IsSet("caps") {
		set, err := caps.ParseSet(c.String("caps"))
		if err != nil {
			return o, exit.Usagef("--caps: %v", err)
		}
		o.caps = &set
	}
	return o, o.validate()
}

func (o traceOptions) validate() error {
	if err := backend.Known(o.backend); err != nil {
		return exit.Usagef("--backend: %v", err)
	}
	switch {
	case len(o.command) == 0:
		return exit.Usagef("no command given: try capmon '<cmd>' or capmon discover '<cmd>', or see capmon --help")
	case strings.TrimSpace(o.command[0]) == "":
		return exit.Usagef("the command is empty: give it as one word in quotes, or as several after --")
	case o.form.JSON && o.form.Tree:
		return exit.Usagef("--json and --tree exclude each other: the JSON report has the tree in it")
	case o.keepPrivileges && (o.user != "" || o.caps != nil):
		return exit.Usagef("--keep-privileges excludes --user and --caps")
	}
	return nil
}

// waitFlag is --wait, alone or with a time.
type waitFlag struct {
	set   bool
	limit time.Duration // 0 is for ever
}

// IsBoolFlag lets the flag stand without a value.
func (*waitFlag) IsBoolFlag() bool { return true }

// Set takes what stands behind the "=", or "true" when nothing does.
func (w *waitFlag) Set(text string) error {
	if text == "true" {
		*w = waitFlag{set: true}
		return nil
	}
	limit, err := time.ParseDuration(text)
	if err != nil || limit <= 0 {
		return exit.Usagef("give a time such as 10s")
	}
	*w = waitFlag{set: true, limit: limit}
	return nil
}

func (w *waitFlag) String() string { return "" }
