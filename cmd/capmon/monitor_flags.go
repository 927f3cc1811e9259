package main

import (
	"regexp"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/monitorexport"
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
	otlp       *monitorexport.Settings // nil: to no collector
	metrics    string                  // "": to no Prometheus
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
		command.Parsed(command.Option{Name: "otlp", Value: command.Value{Kind: command.Text, Placeholder: "ENDPOINT"}, Text: "export to the OpenTelemetry collector at the URL ENDPOINT, by gRPC on port 4317 and HTTP on others, instead of printing"},
			parseEndpoint, func(o *o) **monitorexport.Settings { return &o.otlp }),
		command.String(command.Option{Name: "metrics", Value: command.Value{Kind: command.Text, Placeholder: "ADDR"}, Text: "serve counters to Prometheus at http://ADDR/metrics instead of printing, such as localhost:9464"},
			func(o *o) *string { return &o.metrics }),
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
and a blank in a name is written \040.

With --otlp or --metrics checks are not printed but exported, with the unit,
container or pod to which the process belongs; the summary is printed. Checks that
are alike become one record, and what is lost is counted and exported too.`,
		Options: fields.Options(),
		Words:   command.Value{Kind: command.ProcessName, Placeholder: "[PATTERN...]"},
		Exits: []command.Item{
			{Term: "0", Text: "ended by Ctrl-C, SIGTERM or --for"},
			{Term: "2", Text: "wrong usage"},
			{Term: "125", Text: "capmon failed"},
		},
		Environment: []command.Item{
			noColor,
			{Term: "OTEL_EXPORTER_OTLP_PROTOCOL", Text: "grpc or http/protobuf, whatever the port of --otlp is."},
			{Term: "OTEL_EXPORTER_OTLP_HEADERS", Text: "NAME=VALUE with commas between: what the collector wants to see, such as a token."},
			{Term: "OTEL_EXPORTER_OTLP_CERTIFICATE", Text: "PEM file: the authority of the collector's certificate."},
			{Term: "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", Text: "PEM file: capmon's own certificate; its key is in the file of OTEL_EXPORTER_OTLP_CLIENT_KEY."},
			{Term: "OTEL_EXPORTER_OTLP_COMPRESSION", Text: "gzip, the default, or none."},
			{Term: "OTEL_EXPORTER_OTLP_TIMEOUT", Text: "how many milliseconds to wait for an answer (10000)."},
			{Term: "OTEL_RESOURCE_ATTRIBUTES", Text: "what is said of the machine besides what capmon finds; OTEL_SERVICE_NAME is capmon's own name."},
			{Term: "OTEL_BLRP_SCHEDULE_DELAY", Text: "how many milliseconds checks are folded before they are exported as log records (10000)."},
			{Term: "OTEL_BLRP_MAX_QUEUE_SIZE", Text: "how many kinds of checks can wait (2048); OTEL_BLRP_MAX_EXPORT_BATCH_SIZE is how many are sent at once (512)."},
			{Term: "OTEL_BLRP_EXPORT_TIMEOUT", Text: "how many milliseconds the end may wait for the collector (10000)."},
			{Term: "OTEL_METRIC_EXPORT_INTERVAL", Text: "how many milliseconds there are between two exports of the counters (60000)."},
			{Term: "OTEL_LOGS_EXPORTER, OTEL_METRICS_EXPORTER", Text: "none: export no log records, or no counters."},
		},
		Examples: []command.Item{
			{Term: "What is refused on this machine, until Ctrl-C", Text: "capmon monitor --fail"},
			{Term: "One service and all its processes", Text: "capmon monitor --cgroup /sys/fs/cgroup/system.slice/cron.service"},
			{Term: "Who used CAP_SYS_ADMIN or CAP_NET_ADMIN in a minute, by process id", Text: "capmon monitor -c sys_admin,net_admin --for 1m -s pid"},
			{Term: "What a fleet uses, collected in one place", Text: "capmon monitor --otlp https://collector.example:4317"},
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
	if o.exports() {
		if o.json {
			return exit.Usagef("--json prints what --otlp and --metrics export: leave one of them out")
		}
		if o.noFold {
			return exit.Usagef("--no-fold is for what is printed, and --otlp and --metrics count what is alike: leave one of them out")
		}
	}
	o.patterns, err = parsePatterns(words)
	return err
}

// exports says whether checks are exported and not printed.
func (o monitorOptions) exports() bool { return o.otlp != nil || o.metrics != "" }

func parseEndpoint(text string) (*monitorexport.Settings, error) {
	s, err := monitorexport.ReadSettings(text)
	return &s, err
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
