package main

import (
	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/completion"
	"github.com/capmon/capmon/cmd/capmon/exit"
)

// completionCommand prints what makes a shell complete capmon's command line.
func completionCommand(s streams) *command.Command {
	return &command.Command{
		Name:    "capmon completion",
		Summary: "print a script that makes a shell complete capmon's command line",
		Usage:   []command.Item{{Term: "capmon completion bash|zsh|fish"}},
		Description: `
Completes options and their values, names of capabilities, users and groups, and
the command itself. Installed by one of the examples below, it works in every
new shell; source <(capmon completion bash) tries it in this one.`,
		Words: command.OneOf("bash|zsh|fish", completion.Shells()...),
		Examples: []command.Item{
			{Term: "For all users, as root", Text: "capmon completion bash > /etc/bash_completion.d/capmon\n" +
				"capmon completion zsh > /usr/local/share/zsh/site-functions/_capmon\n" +
				"capmon completion fish > /etc/fish/completions/capmon.fish"},
			{Term: "For yourself", Text: "capmon completion bash > ~/.local/share/bash-completion/completions/capmon\n" +
				"capmon completion fish > ~/.config/fish/completions/capmon.fish"},
		},
		Run: func(given command.Given) error {
			if len(given.Words) != 1 {
				return exit.Usagef("name one shell: bash, zsh or fish")
			}
			script := completion.Script(given.Words[0])
			if script == "" {
				return exit.Usagef("no completion for %q: the shells are bash, zsh and fish", given.Words[0])
			}
			return printText(s, script)
		},
	}
}
