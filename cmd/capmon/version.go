package main

import (
	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/output"
	"github.com/capmon/capmon/cmd/capmon/version"
)

func versionCommand(s streams) *command.Command {
	type options struct{ json bool }
	fields := command.Fields[options]{
		command.Switch(command.Option{Name: "json", Text: "print it as JSON (docs/version.schema.json)"},
			func(o *options) *bool { return &o.json }),
	}
	return &command.Command{
		Name:    "capmon version",
		Summary: "print the version of capmon, and what it was built from",
		Usage:   []command.Item{{Term: "capmon version [options]"}},
		Options: fields.Options(),
		Run: func(given command.Given) error {
			o, err := fields.Fill(given)
			if err != nil {
				return err
			}
			if len(given.Words) > 0 {
				return exit.Usagef("version takes no command: see capmon version --help")
			}
			return printVersion(s, o.json)
		},
	}
}

func printVersion(s streams, asJSON bool) error {
	if asJSON {
		return output.JSON(s.out, version.Read())
	}
	return version.Read().Write(s.out)
}
