package main

import (
	"regexp"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/trace/backend"
	"github.com/capmon/capmon/trace/monitor"
)

// foldWindow is how long repeats are counted before they become a line.
const foldWindow = time.Second

// monitorOptions are the options of monitor, and its words.
type monitorOptions struct {
	config     monitor.Config
	caps       []caps.Cap       // that config filters for
	containers []string         // their cgroups
	noFold     bool             // config.Window is 0
	patterns   []*regexp.Regexp // none: every name
	limit      time.Duration    // 0: until a signal
	byPID      bool
	json       bool
	color      terminal.When
}

func monitorFields() command.Fields[monitorOptions] {
	type o = monitorOptions
	return command.Fields[o]{
		command.Switch(showAll, func(o *o) *bool { return &o.config.Filter.All }),
		command.Each(command.Option{Name: "p", Value: command.AnyProcess, Text: "only the process PID"}, monitor.MaxIDs,
			parsePID, func(o *o) *[]int { return &o.config.Filter.PIDs }),
		command.Each(command.Option{Name: "tree", Value: command.AnyProcess, Text: "only the process PID and the descendants that it has from now on"}, monitor.MaxIDs,
			parsePID, func(o *o) *[]int { return &o.config.Filter.Trees }),
		command.Each(command.Option{Name: "c", Value: command.Value{Kind: command.Capabilities, Placeholder: "CAP"}, Text: "only the capability CAP, with or without CAP_, in any case"}, 0,
			caps.Parse, func(o *o) *[]caps.Cap { return &o.caps }),
		command.Each(command.Option{Name: "u", Value: command.AnyUser, Text: "only processes of USER, a name or a number"}, monitor.MaxIDs,
			parseUser, func(o *o) *[]uint32 { return &o.config.Filter.UIDs }),
		command.Switch(command.Option{Name: "fail", Text: "only refused checks"},
			func(o *o) *bool { return &o.config.Filter.OnlyFail }),
		command.Each(command.Option{Name: "cgroup", Value: command.Value{Kind: command.CgroupPath, Placeholder: "PATH"}, Text: "only processes in the cgroup PATH (v2) or below"}, monitor.MaxCgroups,
			findCgroup, func(o *o) *[]string { return &o.config.Filter.Cgroups }),
		command.Each(command.Option{Name: "container", Value: command.Value{Kind: command.Text, Placeholder: "ID"}, Text: "only the container ID, or the beginning of one; the same as its cgroup"}, monitor.MaxCgroups,
			findContainer, func(o *o) *[]string { return &o.containers }),
		command.Switch(command.Option{Name: "no-fold", Text: "print each check at once instead of counting repeats"},
			func(o *o) *bool { return &o.noFold }),
		command.Duration(command.Option{Name: "for", Value: command.AnyTime, Text: "end after TIME, such as 10s"},
			func(o *o) *time.Duration { return &o.limit }),
		command.Parsed(command.Option{Name: "s", Value: command.OneOf("pid|name", "pid", "name"), Default: "name", Text: "summarize by pid or name"},
			parseSummary, func(o *o) *bool { return &o.byPID }),
		command.Switch(command.Option{Name: "json", Text: "print one JSON object a line (docs/monitor.schema.json)"},
			func(o *o) *bool { return &o.json }),
		colorOption(func(o *o) *terminal.When { return &o.color }),
		backendOption(backend.Names(), "; the first that works if none is named", func(o *o) *string { return &o.config.Backend }),
	}
}

func monitorCommand(s streams) *command.Command {
	fields := monitorFields()
	return &command.Command{
		Name:    "capmon monitor",
		Aliases: []string{"-m", "--monitor"},
		Summary: "show every capability check of the machine, live",
		Description: `
Prints a line for each capability check and its repeats within a second, and on
Ctrl-C, SIGTERM or after --for a summary. PATTERNs are POSIX extended regular
expressions on the name of the process. Options may be repeated or given values
separated by commas: those of one option (and several PATTERNs) are
alternatives, different options must all agree. capmon's own checks are left
out.

Columns: time, process, pid, parent, user, capability, verdict, system call,
kernel function, count. In a pipe they stay the same, a "-" stands for nothing,
and a blank in a name is written \040.`,
		Options: fields.Options(),
		Words:   command.Value{Kind: command.ProcessName, Placeholder: "[PATTERN...]"},
		Exits: []command.Item{
			{Term: "0", Text: "ended by Ctrl-C, SIGTERM or --for"},
			{Term: "2", Text: "wrong usage"},
			{Term: "125", Text: "capmon failed"},
		},
		Environment: []command.Item{noColor},
		Examples: []command.Item{
			{Term: "What is refused on this machine, until Ctrl-C", Text: "capmon monitor --fail"},
			{Term: "One service and all its processes", Text: "capmon monitor --cgroup /sys/fs/cgroup/system.slice/cron.service"},
			{Term: "Who used CAP_SYS_ADMIN or CAP_NET_ADMIN in a minute, by process id", Text: "capmon monitor -c sys_admin,net_admin --for 1m -s pid"},
			{Term: "Shells that ran into a refusal", Text: "capmon monitor --fail '^(ba|da|z)?sh$'"},
		},
		SeeAlso: []string{"capabilities(7)", "cgroups(7)", "getpcaps(8)", "strace(1)"},
		Run: func(given command.Given) error {
			o, err := fields.Fill(given)
			if err != nil {
				return err
			}
			if err := o.complete(given.Words); err != nil {
				return err
			}
			return runMonitor(s, o)
		},
	}
}

// complete turns the options into a configuration, and the words into patterns.
func (o *monitorOptions) complete(words []string) (err error) {
	filter := &o.config.Filter
	filter.Caps = caps.NewSet(o.caps...)
	filter.Cgroups = append(filter.Cgroups, o.containers...)
	if n := len(filter.Cgroups); n > monitor.MaxCgroups {
		return exit.Usagef("--cgroup and --container: %d are too many: at most %d", n, monitor.MaxCgroups)
	}
	if !o.noFold {
		o.config.Window = foldWindow
	}
	o.patterns, err = parsePatterns(words)
	return err
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
