package main

import (
	"regexp"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/trace/backend"
	"github.com/capmon/capmon/trace/monitor"
)

// foldWindow is how long repeats are counted before they become a line.
const foldWindow = time.Second

func monitorCommand(s streams) *cli.Command {
	return &cli.Command{
		Name:      "monitor",
		Aliases:   []string{"-m", "--monitor"},
		Usage:     "show every capability check of the machine, live",
		ArgsUsage: "[PATTERN...]",
		Description: "Prints a line for each capability check and its repeats within a second, and on Ctrl-C, SIGTERM or\n" +
			"after --for a summary. PATTERNs are POSIX extended regular expressions on the name of the process.\n" +
			"Options may be repeated or given values separated by commas: those of one option (and several\n" +
			"PATTERNs) are alternatives, different options must all agree. capmon's own checks are left out.\n\n" +
			"Columns: time, process, pid, parent, user, capability, verdict, system call, kernel function, count.\n" +
			"In a pipe they stay the same, a \"-\" stands for nothing, and a blank in a name is written \\040.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "show every check, also unaudited ones and those against other user namespaces"},
			&cli.StringSliceFlag{Name: "p", Usage: "only the process `PID`"},
			&cli.StringSliceFlag{Name: "tree", Usage: "only the process `PID` and the descendants it has from now on"},
			&cli.StringSliceFlag{Name: "c", Usage: "only the capability `CAP`, with or without CAP_, in any case"},
			&cli.StringSliceFlag{Name: "u", Usage: "only processes of `USER`, a name or a number"},
			&cli.BoolFlag{Name: "fail", Usage: "only refused checks"},
			&cli.StringSliceFlag{Name: "cgroup", Usage: "only processes in the cgroup `PATH` (v2) or below"},
			&cli.StringSliceFlag{Name: "container", Usage: "only the container `ID`, or the beginning of one; the same as its cgroup"},
			&cli.BoolFlag{Name: "no-fold", Usage: "print each check at once instead of counting repeats"},
			&cli.DurationFlag{Name: "for", Usage: "end after `TIME`, such as 10s"},
			&cli.StringFlag{Name: "s", Usage: "summarize by `pid|name`", Value: "name"},
			&cli.BoolFlag{Name: "json", Usage: "print one JSON object a line (docs/monitor.schema.json)"},
			&cli.StringFlag{Name: "backend", Usage: "trace by `NAME`: " + strings.Join(backend.Names(), ", ")},
		},
		Action: func(c *cli.Context) error {
			o, err := parseMonitor(c)
			if err != nil {
				return err
			}
			return runMonitor(s, o)
		},
	}
}

// monitorOptions are the flags of monitor, checked.
type monitorOptions struct {
	config   monitor.Config
	patterns []*regexp.Regexp // none: every name
	limit    time.Duration    // 0: until a signal
	byPID    bool
	json     bool
}

func parseMonitor(c *cli.Context) (monitorOptions, error) {
	o := monitorOptions{limit: c.Duration("for"), byPID: c.String("s") == "pid", json: c.Bool("json")}
	o.config.Backend = c.String("backend")
	if !c.Bool("no-fold") {
		o.config.Window = foldWindow
	}
	if err := backend.Known(o.config.Backend); err != nil {
		return o, exit.Usagef("--backend: %v", err)
	}
	switch {
	case c.IsSet("for") && o.limit <= 0:
		return o, exit.Usagef("--for must be more than nothing: give a time such as 10s")
	case c.String("s") != "pid" && c.String("s") != "name":
		return o, exit.Usagef("-s: unknown summary %q: use pid or name", c.String("s"))
	}
	var err error
	if o.patterns, err = parsePatterns(c.Args().Slice()); err != nil {
		return o, err
	}
	o.config.Filter, err = parseFilter(c)
	return o, err
}

// wanted says whether a pattern matches the name of the process.
func (o monitorOptions) wanted(comm string) bool {
	for _, p := range o.patterns {
		if p.MatchString(comm) {
			return true
		}
	}
	return len(o.patterns) == 0
}
