package main

import (
	"github.com/urfave/cli/v2"

	"github.com/capmon/capmon/cmd/capmon/doctor"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/output"
)

func doctorCommand(s streams) *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "say what works on this machine, and what to do about the rest",
		Description: "Looks at the kernel and at what capmon may do, then puts each backend to the test: loads it, attaches\n" +
			"it, and looks whether it sees a capability check that capmon itself has the kernel make. Changes\n" +
			"nothing.\n\n" +
			"Exit status: 0 discover can run with evidence; 3 only by searching (--backend none); 1 not at all;\n" +
			"2 wrong usage; 125 capmon failed.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print it as JSON (docs/doctor.schema.json)"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return exit.Usagef("doctor takes no command: see capmon doctor --help")
			}
			return runDoctor(s, doctor.ThisMachine(), c.Bool("json"))
		},
	}
}

func runDoctor(s streams, m doctor.Machine, asJSON bool) error {
	d := doctor.Diagnose(m)
	var err error
	if asJSON {
		err = output.JSON(s.out, d)
	} else {
		err = doctor.Write(s.out, d)
	}
	if err != nil {
		return err
	}
	if status := d.Status(); status != exit.OK {
		return exit.Status(status)
	}
	return nil
}
