package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/cmd/capmon/traceoutput"
	"github.com/capmon/capmon/trace/backend"
)

// traceOptions are the options of `capmon '<cmd>'`, and its words.
type traceOptions struct {
	command        []string
	form           traceoutput.Form
	file, report   string
	page           *pageFile
	color          terminal.When
	user           string
	caps           *caps.Set // nil: the caller's
	keepPrivileges bool
	wait           waitChoice
	backend        string
	version        bool
}

// showAll is --all of capmon and of monitor.
var showAll = command.Option{Name: "all", Short: "a", Text: "show every check, also unaudited ones and those against other user namespaces"}

func traceFields() command.Fields[traceOptions] {
	type o = traceOptions
	return command.Fields[o]{
		command.Switch(showAll, func(o *o) *bool { return &o.form.All }),
		command.Count(command.Option{Name: "v", Text: "show who asked, in which system call, from which kernel function, and how often; -vv the kernel stack too"},
			func(o *o) *int { return &o.form.Verbose }),
		command.Switch(command.Option{Name: "tree", Text: "show the tree of processes with the capabilities that each was asked for"},
			func(o *o) *bool { return &o.form.Tree }),
		command.Switch(command.Option{Name: "json", Text: "print the report as JSON (docs/trace.schema.json)"},
			func(o *o) *bool { return &o.form.JSON }),
		fileOption("write the report to FILE", func(o *o) *string { return &o.file }),
		reportOption(func(o *o) *string { return &o.report }),
		colorOption(func(o *o) *terminal.When { return &o.color }),
		command.String(command.Option{Name: "user", Value: command.AnyIdentity, Text: "run the command as NAME[:GROUP], without root's capabilities"},
			func(o *o) *string { return &o.user }),
		command.Parsed(command.Option{Name: "caps", Value: command.Value{Kind: command.Capabilities, Placeholder: "CAP,..."}, Text: "run the command with just the capabilities CAP,..."},
			parseGrant, func(o *o) **caps.Set { return &o.caps }),
		command.Switch(command.Option{Name: "keep-privileges", Text: "under sudo, run the command as root and not as the calling user"},
			func(o *o) *bool { return &o.keepPrivileges }),
		command.Parsed(command.Option{Name: "wait", Value: command.AnyTime, Optional: true, Text: "follow processes that outlive the command to their end, or for TIME at most (--wait=10s)"},
			parseWait, func(o *o) *waitChoice { return &o.wait }),
		backendOption(backend.Names(), "; the first that works if none is named", func(o *o) *string { return &o.backend }),
		command.Switch(command.Option{Name: "version", Text: "print the version of capmon, and what it was built from"},
			func(o *o) *bool { return &o.version }),
	}
}

func traceCommand(s streams) *command.Command {
	fields := traceFields()
	capmon := &command.Command{
		Name:    "capmon",
		Summary: "finds out which Linux capabilities a command really needs",
		Usage: []command.Item{
			{Term: "capmon [options] '<cmd>'", Text: "trace one run"},
			{Term: "capmon discover [options] '<cmd>'", Text: "find the capabilities that it needs"},
			{Term: "capmon monitor [options] [PATTERN]", Text: "watch the machine; also -m, --monitor"},
			{Term: "capmon doctor", Text: "what works on this machine, and what helps"},
		},
		Description: `
Runs the command, and says at its end which capabilities the kernel checked for
it: one list for each name of a process, with [FAIL] if the capability was
refused to any process of that name, and [PASS] otherwise. By default these are
the checks that the kernel itself would log, against the initial user namespace;
-a shows all.

A command in one argument is run by /bin/sh -c; several arguments after -- are
run as they are. It runs as the caller, with the caller's capabilities. Under
sudo it runs as the user who called sudo, unless --keep-privileges says
otherwise; --user and --caps choose another user and a grant by hand, for root
only. Options may stand before or behind the command. To trace a command that
has the name of one of capmon's own, put -- before it.

The terminal, standard input and job control are the command's. So is Ctrl-C;
SIGTERM to capmon ends the command with all its processes, and capmon still
reports. A process that outlives the command is named; --wait follows it to its
end.

Results go to standard output, everything else to standard error.`,
		Options: fields.Options(),
		Words:   commandLine,
		Exits: []command.Item{
			{Term: "N", Text: "the command's own exit status, as with env(1)"},
			{Term: "2", Text: "wrong usage of capmon"},
			{Term: "125", Text: "capmon failed"},
			{Term: "126", Text: "the command cannot be executed"},
			{Term: "127", Text: "the command was not found"},
			{Term: "128+N", Text: "the command was ended by signal N"},
		},
		Environment: []command.Item{noColor},
		Examples: []command.Item{
			{Term: "Why is it not permitted?", Text: "capmon --user nobody 'ip link set lo up'"},
			{Term: "Is this one capability enough?", Text: "capmon --user nobody --caps cap_net_admin -- ip link set lo up"},
			{Term: "Who asked for what, where in the kernel, as whose child?", Text: "capmon -vv ./install.sh\ncapmon --tree ./install.sh"},
			{Term: "A daemon, for its first ten seconds", Text: "capmon --wait=10s -o report 'service cron start'"},
		},
		SeeAlso: []string{"capabilities(7)", "getpcaps(8)", "setcap(8)", "strace(1)"},
	}
	capmon.Run = func(given command.Given) error {
		o, err := fields.Fill(given)
		if err != nil {
			return err
		}
		if o.version {
			return printVersion(s, o.form.JSON)
		}
		o.command = given.Words
		if err := o.validate(); err != nil {
			return err
		}
		err = runTrace(s, o)
		if errors.Is(err, exit.Status(commandNotFound)) {
			proposeCommand(s, capmon, o.command[0])
		}
		return err
	}
	return capmon
}

// commandNotFound is the exit status for a command that does not exist, of
// capmon as of the shell.
const commandNotFound = 127

// proposeCommand says whether what was not found resembles one of capmon's own
// commands.
func proposeCommand(s streams, capmon *command.Command, text string) {
	word, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	if _, err := exec.LookPath(word); err == nil {
		return // something else could not be found
	}
	if near := command.Near(word, capmon.CommandNames()); near != "" {
		fmt.Fprintf(s.err, "capmon: did you mean capmon %s?\n", near)
	}
}

func (o traceOptions) validate() error {
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

// parseGrant is caps.ParseSet for a set that may be absent.
func parseGrant(text string) (*caps.Set, error) {
	set, err := caps.ParseSet(text)
	return &set, err
}

// waitChoice is --wait, alone or with a time.
type waitChoice struct {
	set   bool
	limit time.Duration // 0 is for ever
}

// parseWait takes what stands behind the "=", "" where nothing does.
func parseWait(text string) (waitChoice, error) {
	if text == "" {
		return waitChoice{set: true}, nil
	}
	limit, err := command.ParseTime(text)
	return waitChoice{set: true, limit: limit}, err
}
