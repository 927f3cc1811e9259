package main

import (
	"strings"

	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/help"
)

func helpCommand(s streams, capmon *command.Command) *command.Command {
	names := append(capmon.CommandNames(), "help")
	return &command.Command{
		Name:        "capmon help",
		Summary:     "show the help for capmon, or for one of its commands",
		Description: "The same as --help behind the command.",
		Words:       command.OneOf("[COMMAND]", names...),
		Run: func(given command.Given) error {
			switch len(given.Words) {
			case 0:
				return printText(s, help.Text(capmon))
			case 1:
			default:
				return exit.Usagef("one command at a time: try capmon help %s", given.Words[0])
			}
			c, rest := capmon.Find(given.Words)
			if len(rest) > 0 {
				return unknownCommand(given.Words[0], names)
			}
			return printText(s, help.Text(c))
		},
	}
}

func unknownCommand(word string, names []string) error {
	if near := command.Near(word, names); near != "" {
		return exit.Usagef("capmon has no command %q: did you mean %s?", word, near)
	}
	return exit.Usagef("capmon has no command %q: it has %s", word, strings.Join(names, ", "))
}
