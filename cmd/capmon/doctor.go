package main

import (
	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/doctor"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/output"
	"github.com/capmon/capmon/cmd/capmon/terminal"
)

func doctorCommand(s streams) *command.Command {
	type options struct {
		json  bool
		color terminal.When
	}
	fields := command.Fields[options]{
		command.Switch(command.Option{Name: "json", Text: "print it as JSON (docs/doctor.schema.json)"},
			func(o *options) *bool { return &o.json }),
		colorOption(func(o *options) *terminal.When { return &o.color }),
	}
	return &command.Command{
		Name:    "capmon doctor",
		Summary: "say what works on this machine, and what to do about the rest",
		Usage:   []command.Item{{Term: "capmon doctor [options]"}},
		Description: `
Looks at the kernel and at what capmon may do, then puts each backend to the
test: loads it, attaches it, and looks whether it sees a capability check that
capmon itself has the kernel make. Changes nothing.`,
		Options: fields.Options(),
		Exits: []command.Item{
			{Term: "0", Text: "discover can run with evidence"},
			{Term: "1", Text: "discover cannot run at all"},
			{Term: "2", Text: "wrong usage"},
			{Term: "3", Text: "discover can run by searching only (--backend none)"},
			{Term: "125", Text: "capmon failed"},
		},
		Environment: []command.Item{noColor},
		SeeAlso:     []string{"capabilities(7)", "kernel_lockdown(7)"},
		Run: func(given command.Given) error {
			o, err := fields.Fill(given)
			if err != nil {
				return err
			}
			if len(given.Words) > 0 {
				return exit.Usagef("doctor takes no command: see capmon doctor --help")
			}
			return runDoctor(s, doctor.ThisMachine(), o.json, o.color)
		},
	}
}

func runDoctor(s streams, m doctor.Machine, asJSON bool, color terminal.When) error {
	d := doctor.Diagnose(m)
	var err error
	if asJSON {
		err = output.JSON(s.out, d)
	} else {
		err = doctor.Write(s.out, terminal.NewScreen(s.out, color), d)
	}
	if err != nil {
		return err
	}
	if status := d.Status(); status != exit.OK {
		return exit.Status(status)
	}
	return nil
}
