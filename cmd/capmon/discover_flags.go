package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/discoveroutput"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/container"
	"github.com/capmon/capmon/discover/emit"
	"github.com/capmon/capmon/discover/engine"
	"github.com/capmon/capmon/discover/service"
)

// discoverOptions are the options of discover, and its words.
type discoverOptions struct {
	command               []string
	unit, userUnit        string
	service               *service.Service
	skip                  []discover.Scenario
	manager               string
	bundle, runtime       string
	container             *container.Bundle
	podman, docker        string
	runOptions            []string
	image                 *engine.Image
	checkInside           bool
	stopRunning, install  bool
	user                  string
	setup, check, cleanup string
	timeout               time.Duration
	expectExit, maxRuns   int
	expectOutput          *regexp.Regexp
	ready                 string
	exercise              string
	reload, stop          string
	readyTimeout          time.Duration
	hookTimeout           time.Duration
	sandbox               sandboxChoice
	devices               []string
	jobs, confirm         int
	require               caps.Set
	alternatives          bool
	backend               string
	formats               []string
	json, verbose         bool
	file, report          string
	page                  *pageFile
	color                 terminal.When
}

func discoverFields() command.Fields[discoverOptions] {
	type o = discoverOptions
	return command.Fields[o]{
		command.String(command.Option{Name: "unit", Value: command.Value{Kind: command.File, Placeholder: "UNIT"}, Text: "in the place of a command run the systemd service UNIT, " +
			"a name or the path of a unit file, as its unit says: start it, use it (--exercise), reload it, stop it"},
			func(o *o) *string { return &o.unit }),
		command.String(command.Option{Name: "user-unit", Value: command.Value{Kind: command.File, Placeholder: "UNIT"}, Text: "as --unit, for a unit of the user's own " +
			"manager, as the user of --user or who called sudo"},
			func(o *o) *string { return &o.userUnit }),
		command.String(command.Option{Name: "bundle", Value: command.Value{Kind: command.Directory, Placeholder: "DIR"}, Text: "in the place of a command run the OCI " +
			"bundle DIR by a container runtime, with each grant in its config.json; what the runtime does is not counted"},
			func(o *o) *string { return &o.bundle }),
		command.String(command.Option{Name: "runtime", Value: command.Value{Kind: command.File, Placeholder: "NAME"}, Text: "with --bundle: run it by NAME, such as runc; without " +
			"it by crun or runc, whichever is installed"},
			func(o *o) *string { return &o.runtime }),
		command.String(command.Option{Name: "podman", Value: command.Value{Kind: command.Text, Placeholder: "IMAGE"}, Text: "in the place of a command run the container " +
			"image IMAGE by podman with each grant, by the podman of the user of --user or else root's; what stands behind -- takes the place of the image's command. Hooks find the container's name in CONTAINER"},
			func(o *o) *string { return &o.podman }),
		command.String(command.Option{Name: "docker", Value: command.Value{Kind: command.Text, Placeholder: "IMAGE"}, Text: "as --podman, by docker"},
			func(o *o) *string { return &o.docker }),
		command.Whole(command.Option{Name: "run-option", Value: command.Value{Kind: command.Text, Placeholder: "OPTION"}, Text: "with --podman or --docker: pass OPTION " +
			"on to the engine's run, such as --network=none"},
			func(o *o) *[]string { return &o.runOptions }),
		command.Switch(command.Option{Name: "exec", Text: "with --podman or --docker, and --ready: run the CMD of --check inside the container, " +
			"by its /bin/sh, as root and privileged"},
			func(o *o) *bool { return &o.checkInside }),
		command.Each(command.Option{Name: "skip", Value: command.SomeOf("SCENARIO", string(discover.Reload), string(discover.Stop)), Text: "with --unit: leave " +
			"out SCENARIO, reload or stop"}, 0,
			parseScenario, func(o *o) *[]discover.Scenario { return &o.skip }),
		command.Parsed(command.Option{Name: "manager", Value: command.OneOf("NAME", service.BySystemd, service.ByCapmon), Text: "with --unit: who runs the service. systemd, " +
			"the default where it is process 1, runs a copy of the unit; capmon does what systemd would, and is the default elsewhere and for --sandbox"},
			parseManager, func(o *o) *string { return &o.manager }),
		command.Switch(command.Option{Name: "stop-running", Text: "with --unit: stop the service if it is active, and start it again at the end"},
			func(o *o) *bool { return &o.stopRunning }),
		command.Switch(command.Option{Name: "install", Text: "with --unit: when the set is proven, write the drop-in to /etc/systemd/system/UNIT.d/50-capmon.conf"},
			func(o *o) *bool { return &o.install }),
		command.String(command.Option{Name: "user", Value: command.AnyIdentity, Text: "run the command as NAME[:GROUP], " +
			"names or numbers; without it as the user who called sudo, or for plain root as uid 0 without the power of being root (SECBIT_NOROOT)"},
			func(o *o) *string { return &o.user }),
		command.String(command.Option{Name: "setup", Value: command.AnyCommand, Text: "run CMD as root before every attempt"},
			func(o *o) *string { return &o.setup }),
		command.String(command.Option{Name: "check", Value: command.AnyCommand, Text: "run CMD as root after an attempt that " +
			"succeeded so far: it has succeeded only if CMD does as well"},
			func(o *o) *string { return &o.check }),
		command.String(command.Option{Name: "cleanup", Value: command.AnyCommand, Text: "run CMD as root after every attempt, to undo what it did"},
			func(o *o) *string { return &o.cleanup }),
		command.Duration(command.Option{Name: "timeout", Value: command.AnyTime, Default: command.FormatTime(discover.DefaultTimeout), Text: "end an attempt with all its " +
			"processes after TIME; it has failed then"},
			func(o *o) *time.Duration { return &o.timeout }),
		command.Number(command.Option{Name: "expect-exit", Value: command.AnyNumber, Default: "0", Text: "the exit status N counts as success"}, 0,
			func(o *o) *int { return &o.expectExit }),
		command.Parsed(command.Option{Name: "expect-output", Value: command.AnyRegexp, Text: "a line of what the command prints must match the regular expression REGEX, as for grep"},
			regexp.Compile, func(o *o) **regexp.Regexp { return &o.expectOutput }),
		command.String(command.Option{Name: "ready", Value: command.AnyCommand, Text: "for a daemon: run CMD as root until it " +
			"succeeds; then the attempt has succeeded, and the daemon is ended. CMD must fail before the daemon is started"},
			func(o *o) *string { return &o.ready }),
		command.String(command.Option{Name: "exercise", Value: command.AnyCommand, Text: "with --ready or --unit: when the daemon is ready run CMD as root, which uses it as its " +
			"clients would; if CMD fails, the attempt has failed. MAINPID is the daemon's process id"},
			func(o *o) *string { return &o.exercise }),
		command.String(command.Option{Name: "reload", Value: command.AnyCommand, Text: "with --ready, or in the place of what --unit says: run CMD as root to make the daemon read its configuration " +
			"again, such as 'kill -HUP $MAINPID'; it must be ready again then"},
			func(o *o) *string { return &o.reload }),
		command.String(command.Option{Name: "stop", Value: command.AnyCommand, Text: "with --ready, or before what --unit says: run CMD as root to stop the daemon, such as 'kill $MAINPID'; " +
			"it must end then, and well"},
			func(o *o) *string { return &o.stop }),
		command.Duration(command.Option{Name: "ready-timeout", Value: command.AnyTime, Text: "a daemon that is not ready after TIME has failed " +
			"(default: " + command.FormatTime(discover.DefaultReadyTimeout) + ", and less once other attempts have shown how long it takes)"},
			func(o *o) *time.Duration { return &o.readyTimeout }),
		command.Duration(command.Option{Name: "hook-timeout", Value: command.AnyTime, Default: command.FormatTime(discover.DefaultHookTimeout), Text: "end a " +
			"run of --setup, --check, --cleanup or --ready after TIME; it has failed then"},
			func(o *o) *time.Duration { return &o.hookTimeout }),
		command.Parsed(command.Option{Name: "sandbox", Value: command.OneOf("net", "net"), Optional: true, Text: "make each attempt in " +
			"a sandbox of its own, so that nothing it writes, mounts or starts outlives it; --sandbox=net cuts it off from the network too"},
			parseSandbox, func(o *o) *sandboxChoice { return &o.sandbox }),
		command.Each(command.Option{Name: "sandbox-device", Value: command.Value{Kind: command.File, Placeholder: "PATH"}, Text: "let the device PATH, " +
			"such as /dev/loop0, into the sandbox, which otherwise has none"}, 0,
			parseDevice, func(o *o) *[]string { return &o.devices }),
		command.Number(command.Option{Name: "jobs", Value: command.AnyNumber, Default: "1", Text: "with --sandbox, make up to N attempts of the proof at the same time"}, 1,
			func(o *o) *int { return &o.jobs }),
		command.Number(command.Option{Name: "confirm", Value: command.AnyNumber, Default: "0", Text: "repeat the final attempt, and those without one capability, N times, for a " +
			"command that may succeed only sometimes"}, 0,
			func(o *o) *int { return &o.confirm }),
		command.Parsed(command.Option{Name: "require", Value: command.Value{Kind: command.Capabilities, Placeholder: "CAP,..."}, Text: "put " +
			"CAP, which the command was refused and went on without, into the set; all: each that it was refused with effect"},
			parseRequired, func(o *o) *caps.Set { return &o.require }),
		command.Switch(command.Option{Name: "alternatives", Text: "find every minimal set, the least powerful first"},
			func(o *o) *bool { return &o.alternatives }),
		command.Number(command.Option{Name: "max-runs", Value: command.AnyNumber, Default: strconv.Itoa(discover.DefaultMaxRuns), Text: "make at most N attempts"}, 1,
			func(o *o) *int { return &o.maxRuns }),
		backendOption(discover.Backends(), "; the first that works if none is named; none finds the set by searching alone",
			func(o *o) *string { return &o.backend }),
		command.Parsed(command.Option{Name: "emit", Value: command.SomeOf("FORMAT[,FORMAT]", emit.Formats()...), Text: "print only the set, as " +
			"FORMAT: " + strings.Join(emit.Formats(), ", ") + "; help explains each"},
			parseFormats, func(o *o) *[]string { return &o.formats }),
		command.Switch(command.Option{Name: "json", Text: "print the whole report as JSON (docs/discover.schema.json)"},
			func(o *o) *bool { return &o.json }),
		fileOption("write the result to FILE, whole or not at all; with --emit, a directory gets a file for each FORMAT", func(o *o) *string { return &o.file }),
		command.Switch(command.Option{Name: "v", Text: "show what the command prints in each attempt"},
			func(o *o) *bool { return &o.verbose }),
		reportOption(func(o *o) *string { return &o.report }),
		colorOption(func(o *o) *terminal.When { return &o.color }),
	}
}

func discoverCommand(s streams) *command.Command {
	fields := discoverFields()
	return &command.Command{
		Name:    "capmon discover",
		Summary: "find the smallest set of capabilities with which a command succeeds",
		Usage: []command.Item{
			{Term: "capmon discover [options] '<cmd>'", Text: "run by /bin/sh -c"},
			{Term: "capmon discover [options] -- COMMAND ARG...", Text: "run as it is"},
			{Term: "capmon discover [options] --unit UNIT", Text: "run as its manager would"},
			{Term: "capmon discover [options] --bundle DIR", Text: "run by a container runtime"},
			{Term: "capmon discover [options] --podman IMAGE [-- ARG...]", Text: "run by an engine"},
			{Term: "capmon discover --emit FORMAT", Text: "print the last discovery again"},
		},
		Description: `
Runs the command with no capability, grants what the kernel refused, and runs it
again until it succeeds; then proves that nothing in the set is superfluous. The
command is run several times: give --setup and --cleanup if it changes something
that it cannot change twice.

Without a command, --emit and --json print the last discovery again. Options may
stand before or behind the command.`,
		Options: fields.Options(),
		Words:   commandLine,
		Exits: []command.Item{
			{Term: "0", Text: "found, and proven: without any one of the capabilities the command was seen to fail"},
			{Term: "1", Text: "no set of capabilities makes the command succeed"},
			{Term: "2", Text: "wrong usage"},
			{Term: "3", Text: "found, but not proven"},
			{Term: "125", Text: "capmon failed"},
			{Term: "128+N", Text: "ended by signal N"},
		},
		Files: []command.Item{{
			Term: "$XDG_STATE_HOME/capmon/last.json",
			Text: "the last discovery, which --emit and --json print again when no command is given",
		}},
		Environment: []command.Item{
			{Term: "XDG_STATE_HOME", Text: "where the last discovery is kept (default: ~/.local/state). Under sudo it is kept for the user who called sudo, in that user's ~/.local/state"},
			noColor,
		},
		Examples: []command.Item{
			{Term: "What does the command need?", Text: "capmon discover --user nobody 'chroot / true'"},
			{Term: "A command that does not succeed twice", Text: "capmon discover --user nobody --cleanup 'rm -rf /srv/new' 'mkdir /srv/new'"},
			{Term: "A service, as its unit has it", Text: "capmon discover --unit nginx --exercise 'curl -fs http://localhost'"},
			{Term: "An image, used as its clients would", Text: "capmon discover --podman web --ready 'curl -fs http://localhost'"},
			{Term: "What was found, as a systemd drop-in and as a setcap line", Text: "capmon discover --emit systemd -o 50-capmon.conf\ncapmon discover --emit setcap"},
			{Term: "For a program", Text: "capmon discover --json -- /usr/sbin/chroot / true"},
		},
		SeeAlso: []string{"capabilities(7)", "setcap(8)", "systemd.exec(5)", "getpcaps(8)", "strace(1)"},
		Run: func(given command.Given) error {
			o, err := fields.Fill(given)
			if err != nil {
				return err
			}
			o.command = given.Words
			if slices.Equal(o.formats, []string{explain}) {
				return explainFormats(s, emit.Formats())
			}
			if err := o.validate(); err != nil {
				return err
			}
			if len(o.command) == 0 && !o.isUnit() && !o.isContainer() {
				return emitLast(s, o)
			}
			return runDiscover(s, o)
		},
	}
}

func (o discoverOptions) validate() error {
	switch {
	case o.json && len(o.formats) > 0:
		return exit.Usagef("--json and --emit exclude each other: give one of them")
	case o.engine() != "" || len(o.runOptions) > 0 || o.checkInside:
		return o.validateImage()
	case o.bundle != "" && (o.isUnit() || len(o.command) > 0):
		return exit.Usagef("--bundle, --unit, --user-unit and a command exclude each other: give one of them")
	case o.bundle == "" && o.runtime != "":
		return exit.Usagef("--runtime needs --bundle")
	case o.bundle != "" && (o.sandbox.set || o.user != ""):
		return exit.Usagef("--bundle excludes --sandbox and --user: a container has a user of its own, and no sandbox holds it")
	case o.unit != "" && o.userUnit != "":
		return exit.Usagef("--unit and --user-unit exclude each other: give one of them")
	case o.userUnit != "" && (o.manager == service.BySystemd || o.install):
		return exit.Usagef("--manager systemd and --install are for units of the system")
	case o.isUnit() && len(o.command) > 0:
		return exit.Usagef("--unit and a command exclude each other: give one of them")
	case o.isUnit() && (o.expectExit != 0 || o.expectOutput != nil):
		return exit.Usagef("--expect-exit and --expect-output are for commands: of a service its unit says how it ends")
	case !o.isUnit() && (len(o.skip) > 0 || o.manager != "" || o.stopRunning || o.install):
		return exit.Usagef("--skip, --manager, --stop-running and --install need --unit")
	case o.manager == service.BySystemd && o.sandbox.set:
		return exit.Usagef("--manager systemd and --sandbox exclude each other: systemd runs no service in a sandbox of capmon's")
	case o.manager == service.BySystemd && !service.Booted():
		return exit.Usagef("--manager systemd: systemd is not the manager of this machine")
	case o.manager == service.ByCapmon && o.stopRunning:
		return exit.Usagef("--stop-running is for --manager systemd: what systemd has not started, capmon cannot start again")
	case o.isUnit() || o.isContainer():
	case len(o.command) == 0 && !o.json && len(o.formats) == 0 && o.report == "":
		return exit.Usagef("no command given: try capmon discover '<cmd>', or --emit FORMAT for the last discovery")
	case len(o.command) > 0 && strings.TrimSpace(o.command[0]) == "":
		return exit.Usagef("the command is empty: give it as one word in quotes, or as several after --")
	case !o.isUnit() && o.ready == "" && o.exercise+o.reload+o.stop != "":
		return exit.Usagef("--exercise, --reload and --stop need --ready: without it capmon cannot tell when the daemon has started")
	case o.jobs > 1 && !o.sandbox.set:
		return exit.Usagef("--jobs needs --sandbox: attempts at the same time would be in each other's way")
	case len(o.devices) > 0 && !o.sandbox.set:
		return exit.Usagef("--sandbox-device needs --sandbox: without a sandbox the command has every device")
	case o.expectExit > 255:
		return exit.Usagef("--expect-exit must be an exit status, 0 to 255")
	}
	return nil
}

func parseScenario(text string) (discover.Scenario, error) {
	switch s := discover.Scenario(text); s {
	case discover.Reload, discover.Stop:
		return s, nil
	}
	return "", fmt.Errorf("%q is not a scenario that can be left out: name reload or stop", text)
}

func parseManager(text string) (string, error) {
	if text != service.BySystemd && text != service.ByCapmon {
		return "", fmt.Errorf("%q runs no services: name systemd or capmon", text)
	}
	return text, nil
}

// isUnit says whether a service is to be run, and no command.
func (o discoverOptions) isUnit() bool { return o.unit+o.userUnit != "" }

// bySystemd says whether systemd is to run the service.
func (o discoverOptions) bySystemd() bool {
	if o.manager != "" {
		return o.manager == service.BySystemd
	}
	return service.Booted() && !o.sandbox.set
}

func parseFormats(text string) ([]string, error) {
	if text == explain {
		return []string{explain}, nil
	}
	formats := strings.Split(text, ",")
	for _, format := range formats {
		if err := emit.Known(format); err != nil {
			return nil, err
		}
	}
	return formats, nil
}

// explain stands for a format, and has all of them explained.
const explain = "help"

// parseRequired parses capabilities, or "all".
func parseRequired(text string) (caps.Set, error) {
	if text == "all" {
		return launch.Grantable(), nil
	}
	return caps.ParseSet(text)
}

// discovered is the command of a discovery.
func (o discoverOptions) discovered(stdin *os.File) discover.Command {
	args := o.command
	if o.image != nil {
		args = nil
	}
	if o.service != nil || o.container != nil || o.image != nil {
		stdin = nil
	}
	return discover.Command{
		Service: o.service, Skip: o.skip, StopRunning: o.stopRunning, Container: o.container,
		Image: o.image, CheckInside: o.checkInside,
		Args: args, User: o.user, Stdin: stdin,
		Setup: o.setup, Check: o.check, Cleanup: o.cleanup, Ready: o.ready,
		Exercise: o.exercise, Reload: o.reload, Stop: o.stop,
		Timeout: o.timeout, ReadyTimeout: o.readyTimeout, HookTimeout: o.hookTimeout,
		ExpectExit: o.expectExit, ExpectOutput: o.expectOutput,
	}
}

// settings say how the discovery is made, and that p tells of it.
func (o discoverOptions) settings(types *bpf.Types, p *discoveroutput.Progress) []discover.Option {
	settings := []discover.Option{
		discover.WithTypes(types), discover.WithBackend(o.backend), discover.WithMaxRuns(o.maxRuns),
		discover.WithConfirm(o.confirm), discover.WithJobs(o.jobs),
		discover.WithObserver(discover.Observer{
			Begin: p.Begin, End: p.End, Output: p.Live(),
			Warn: func(err error) { p.Say("%v", o.optionNamed(err)) },
		}),
	}
	if o.require != 0 {
		settings = append(settings, discover.WithRequire(o.require))
	}
	if o.alternatives {
		settings = append(settings, discover.WithAlternatives())
	}
	if o.sandbox.set {
		o.sandbox.options.Devices = o.devices
		settings = append(settings, discover.WithSandbox(o.sandbox.options))
	}
	return settings
}

// The options and words that several commands have.

// commandLine is the command that capmon is to run.
var commandLine = command.Value{Kind: command.CommandLine, Placeholder: "'<cmd>' | -- COMMAND ARG..."}

var noColor = command.Item{Term: "NO_COLOR", Text: "if set, and unless --color says otherwise, the output has no colours"}

// colorOption says when the output of the command has colours.
func colorOption[O any](field func(*O) *terminal.When) command.Field[O] {
	choices := []string{string(terminal.Auto), string(terminal.Always), string(terminal.Never)}
	return command.Parsed(command.Option{Name: "color", Value: command.OneOf("WHEN", choices...), Default: string(terminal.Auto),
		Text: "print in colours: " + strings.Join(choices, ", ") + "; auto is on a terminal only"}, terminal.ParseWhen, field)
}

func fileOption[O any](text string, field func(*O) *string) command.Field[O] {
	return command.String(command.Option{Name: "o", Value: command.AnyFile, Text: text}, field)
}

func backendOption[O any](names []string, more string, field func(*O) *string) command.Field[O] {
	option := command.Option{Name: "backend", Value: command.OneOf("NAME", names...), Text: "trace by NAME: " + strings.Join(names, ", ") + more}
	return command.Parsed(option, func(name string) (string, error) {
		if name != "" && !slices.Contains(names, name) {
			return "", exit.Usagef("unknown backend %q: use %s", name, strings.Join(names, ", "))
		}
		return name, nil
	}, field)
}
