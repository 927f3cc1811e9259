package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
	"github.com/capmon/capmon/trace/backend"
)

// completionCommand prints what makes a shell complete capmon's command line.
func completionCommand(s streams) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a script that makes a shell complete capmon's options",
		UsageText: "capmon completion bash|zsh|fish",
		ArgsUsage: "bash|zsh|fish",
		Description: "Completes options and their values, names of capabilities, users and groups, and the command " +
			"itself. Installed by one of the examples below, it works in every new shell; " +
			"source <(capmon completion bash) tries it in this one.",
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return exit.Usagef("name one shell: bash, zsh or fish")
			}
			return printCompletion(s.out, c.App, c.Args().First())
		},
	}
}

func completionManual() manual {
	return manual{examples: []item{
		{"For all users, as root", "capmon completion bash > /etc/bash_completion.d/capmon\n" +
			"capmon completion zsh > /usr/local/share/zsh/site-functions/_capmon\n" +
			"capmon completion fish > /etc/fish/completions/capmon.fish"},
		{"For yourself", "capmon completion bash > ~/.local/share/bash-completion/completions/capmon\n" +
			"capmon completion fish > ~/.config/fish/completions/capmon.fish"},
	}}
}

func printCompletion(w io.Writer, app *cli.App, shell string) error {
	var script string
	words := completedCommands(app)
	switch shell {
	case "bash":
		script = bashCompletion(words)
	case "zsh":
		script = zshCompletion(words)
	case "fish":
		script = fishCompletion(words)
	default:
		return exit.Usagef("no completion for %q: the shells are bash, zsh and fish", shell)
	}
	if _, err := io.WriteString(w, script); err != nil {
		return fmt.Errorf("print completion: %w", err)
	}
	return nil
}

// completed is a command as the completion scripts know it.
type completed struct {
	name    string // "" is capmon itself
	aliases []string
	summary string
	options []completedOption
	words   value // what stands behind the options
}

type completedOption struct {
	option
	value value
}

// value is what can stand in a place of the command line.
type value struct {
	kind    kind
	choices []string // of choice and list
}

// kind is a kind of value. The scripts have a function for each.
type kind string

const (
	nothing      kind = "" // no value
	anything     kind = "any"
	choice       kind = "choice"
	list         kind = "list" // of choices, with commas
	capabilities kind = "capabilities"
	file         kind = "file"
	directory    kind = "directory"
	cgroupPath   kind = "cgroup"
	userName     kind = "user"
	userAndGroup kind = "user_group"
	process      kind = "pid"
	processName  kind = "process"
	shellCommand kind = "shell_command" // one in quotes
	commandLine  kind = "command"       // the words of one
)

func completedCommands(app *cli.App) []completed {
	all := []completed{{options: completedOptions("", app.Flags), words: value{kind: commandLine}}}
	for _, c := range app.Commands {
		if !c.Hidden {
			all = append(all, completed{
				name: c.Name, aliases: c.Aliases, summary: c.Usage,
				options: completedOptions(c.Name, c.Flags), words: wordsOf(app, c),
			})
		}
	}
	return all
}

func completedOptions(command string, flags []cli.Flag) []completedOption {
	var all []completedOption
	for _, o := range options(flags) {
		v, _ := valueOf(command, o)
		all = append(all, completedOption{o, v})
	}
	return all
}

// valueOf is what an option takes, told from the word that stands for it in
// --help; false if that word is new.
func valueOf(command string, o option) (value, bool) {
	switch o.value {
	case "":
		return value{}, true
	case "FILE":
		return value{kind: file}, true
	case "DIR":
		return value{kind: directory}, true
	case "PATH":
		return value{kind: cgroupPath}, true
	case "USER":
		return value{kind: userName}, true
	case "NAME[:GROUP]":
		return value{kind: userAndGroup}, true
	case "CAP", "CAP,...":
		return value{kind: capabilities}, true
	case "PID":
		return value{kind: process}, true
	case "CMD":
		return value{kind: shellCommand}, true
	case "FORMAT[,FORMAT]":
		return value{list, emit.Formats()}, true
	case "NAME":
		return value{choice, backendsOf(command)}, true
	case "N", "TIME", "ID", "REGEX", "VALUE":
		return value{kind: anything}, true
	}
	// Small letters are meant as they are.
	if o.value == strings.ToLower(o.value) {
		return value{choice, strings.Split(o.value, "|")}, true
	}
	return value{kind: anything}, false
}

func backendsOf(command string) []string {
	if command == "discover" {
		return discover.Backends()
	}
	return backend.Names()
}

// wordsOf is what stands behind the options of a subcommand.
func wordsOf(app *cli.App, c *cli.Command) value {
	switch c.Name {
	case "discover":
		return value{kind: commandLine}
	case "monitor":
		return value{kind: processName}
	case "completion":
		return value{choice, strings.Split(c.ArgsUsage, "|")}
	case "man":
		var names []string
		for _, p := range pages(app)[1:] {
			_, sub, _ := strings.Cut(p.name, " ")
			names = append(names, sub)
		}
		return value{choice, names}
	}
	return value{kind: anything}
}

// capabilityNames are those of libcap, in the small letters that setcap(8)
// uses.
func capabilityNames() []string {
	var names []string
	for c := range caps.Cap(cap.NamedCount) {
		names = append(names, strings.ToLower(c.String()))
	}
	return names
}
