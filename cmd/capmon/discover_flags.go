package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/capmon/capmon/cmd/capmon/discoveroutput"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
)

func discoverCommand(s streams) *cli.Command {
	var box sandboxFlag
	return &cli.Command{
		Name:      "discover",
		Usage:     "find the smallest set of capabilities with which a command succeeds",
		ArgsUsage: "'<cmd>' | -- COMMAND ARG...",
		UsageText: "capmon discover [options] '<cmd>'            run by /bin/sh -c\n" +
			"capmon discover [options] -- COMMAND ARG...  run as it is\n" +
			"capmon discover --emit FORMAT                print the last discovery again",
		Description: "Runs the command with no capability, grants what the kernel refused, and runs it again until it\n" +
			"succeeds; then proves that nothing in the set is superfluous. The command is run several times:\n" +
			"give --setup and --cleanup if it changes something that it cannot change twice.\n\n" +
			"Without a command, --emit and --json print the last discovery again.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "user", Usage: "run the command as `NAME[:GROUP]`, names or numbers"},
			&cli.StringFlag{Name: "setup", Usage: "run `CMD` as root before every attempt"},
			&cli.StringFlag{Name: "check", Usage: "run `CMD` as root after an attempt that succeeded so far: it has succeeded only if CMD does as well"},
			&cli.StringFlag{Name: "cleanup", Usage: "run `CMD` as root after every attempt, to undo what it did"},
			&cli.DurationFlag{Name: "timeout", Usage: "end an attempt with all its processes after `TIME`", Value: discover.DefaultTimeout},
			&cli.IntFlag{Name: "expect-exit", Usage: "the exit status `N` is the one that counts as success"},
			&cli.StringFlag{Name: "expect-output", Usage: "what the command prints must match the regular expression `REGEX`"},
			&cli.StringFlag{Name: "ready", Usage: "for a daemon: run `CMD` as root until it succeeds; then the attempt has, and the daemon is ended"},
			&cli.DurationFlag{Name: "ready-timeout", Usage: "a daemon that is not ready after `TIME` has failed", Value: discover.DefaultReadyTimeout},
			&cli.GenericFlag{Name: "sandbox", Value: &box, Usage: "make each attempt in a sandbox of its own, so that nothing it writes, mounts or starts outlives it; --sandbox=`net` cuts it off from the network too"},
			&cli.IntFlag{Name: "jobs", Usage: "with --sandbox, make up to `N` attempts of the proof at the same time", Value: 1},
			&cli.IntFlag{Name: "confirm", Usage: "repeat the final attempt `N` times"},
			&cli.BoolFlag{Name: "alternatives", Usage: "find every minimal set, the least powerful first"},
			&cli.IntFlag{Name: "max-runs", Usage: "make at most `N` attempts", Value: discover.DefaultMaxRuns},
			&cli.StringFlag{Name: "backend", Usage: "trace by `NAME`: " + strings.Join(discover.Backends(), ", ") + "; none finds the set by searching alone"},
			&cli.StringFlag{Name: "emit", Usage: "print the set as `FORMAT[,FORMAT]`: " + strings.Join(emit.Formats(), ", ")},
			&cli.BoolFlag{Name: "json", Usage: "print the whole report as JSON (docs/discover.schema.json)"},
			&cli.StringFlag{Name: "o", Usage: "write the result to `FILE`"},
			&cli.BoolFlag{Name: "v", Usage: "show what the command prints in each attempt"},
		},
		Action: func(c *cli.Context) error {
			o, err := parseDiscover(c, box)
			if err != nil {
				return err
			}
			if len(o.command) == 0 {
				return emitLast(s, o)
			}
			return runDiscover(s, o)
		},
	}
}

// discoverOptions are the flags of discover, checked.
type discoverOptions struct {
	command               []string
	user                  string
	setup, check, cleanup string
	timeout               time.Duration
	expectExit, maxRuns   int
	expectOutput          *regexp.Regexp
	ready                 string
	readyTimeout          time.Duration
	sandbox               sandboxFlag
	jobs, confirm         int
	alternatives          bool
	backend               string
	formats               []string
	json, verbose         bool
	file                  string
}

func parseDiscover(c *cli.Context, box sandboxFlag) (discoverOptions, error) {
	o := discoverOptions{
		command: c.Args().Slice(),
		user:    c.String("user"),
		setup:   c.String("setup"), check: c.String("check"), cleanup: c.String("cleanup"),
		timeout: c.Duration("timeout"), expectExit: c.Int("expect-exit"), maxRuns: c.Int("max-runs"),
		backend: c.String("backend"), json: c.Bool("json"), verbose: c.Bool("v"), file: c.String("o"),
	}
	o.sandbox = box
	o.ready, o.readyTimeout = c.String("ready"), c.Duration("ready-timeout")
	o.jobs, o.confirm, o.alternatives = c.Int("jobs"), c.Int("confirm"), c.Bool("alternatives")
	if pattern := c.String("expect-output"); pattern != "" {
		var err error
		if o.expectOutput, err = regexp.Compile(pattern); err != nil {
			return o, exit.Usagef("--expect-output: %v", err)
		}
	}
	if c.IsSet("emit") {
		o.formats = strings.Split(c.String("emit"), ",")
	}
	return o, o.validate()
}

func (o discoverOptions) validate() error {
	for _, format := range o.formats {
		if err := emit.Known(format); err != nil {
			return exit.Usagef("--emit: %v", err)
		}
	}
	if o.backend != "" && !slices.Contains(discover.Backends(), o.backend) {
		return exit.Usagef("--backend: unknown backend %q: use %s", o.backend, strings.Join(discover.Backends(), ", "))
	}
	switch {
	case o.json && len(o.formats) > 0:
		return exit.Usagef("--json and --emit exclude each other: give one of them")
	case len(o.command) == 0 && !o.json && len(o.formats) == 0:
		return exit.Usagef("no command given: try capmon discover '<cmd>', or --emit FORMAT for the last discovery")
	case len(o.command) > 0 && strings.TrimSpace(o.command[0]) == "":
		return exit.Usagef("the command is empty: give it as one word in quotes, or as several after --")
	case o.timeout <= 0:
		return exit.Usagef("--timeout must be more than nothing: give a time such as 30s or 2m")
	case o.readyTimeout <= 0:
		return exit.Usagef("--ready-timeout must be more than nothing: give a time such as 30s or 2m")
	case o.jobs < 1:
		return exit.Usagef("--jobs must be at least 1")
	case o.jobs > 1 && !o.sandbox.set:
		return exit.Usagef("--jobs needs --sandbox: attempts at the same time would be in each other's way")
	case o.confirm < 0:
		return exit.Usagef("--confirm must not be negative")
	case o.maxRuns < 1:
		return exit.Usagef("--max-runs must be at least 1")
	case o.expectExit < 0 || o.expectExit > 255:
		return exit.Usagef("--expect-exit must be an exit status, 0 to 255")
	}
	return nil
}

// discovered is the command of a discovery.
func (o discoverOptions) discovered(stdin *os.File) discover.Command {
	return discover.Command{
		Args: o.command, User: o.user, Stdin: stdin,
		Setup: o.setup, Check: o.check, Cleanup: o.cleanup, Ready: o.ready,
		Timeout: o.timeout, ReadyTimeout: o.readyTimeout,
		ExpectExit: o.expectExit, ExpectOutput: o.expectOutput,
	}
}

// settings say how the discovery is made, and that p tells of it.
func (o discoverOptions) settings(p *discoveroutput.Progress) []discover.Option {
	settings := []discover.Option{
		discover.WithBackend(o.backend), discover.WithMaxRuns(o.maxRuns),
		discover.WithConfirm(o.confirm), discover.WithJobs(o.jobs),
		discover.WithObserver(discover.Observer{
			Begin: p.Begin, End: p.End,
			Warn: func(err error) { p.Say("%v", optionNamed(err)) },
		}),
	}
	if o.alternatives {
		settings = append(settings, discover.WithAlternatives())
	}
	if o.sandbox.set {
		settings = append(settings, discover.WithSandbox(o.sandbox.options))
	}
	return settings
}
