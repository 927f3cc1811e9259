package main

import (
	"context"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/capmon/capmon/cmd/capmon/exit"
)

// streams are the three standard streams. What a user asked for goes to out;
// progress, warnings, errors and the command's own words go to err, so that
// out can be piped and kept.
type streams struct {
	in, out, err *os.File
}

// run is capmon: it returns the exit status.
func run(args []string, stdin, stdout, stderr *os.File) int {
	app := newApp(streams{stdin, stdout, stderr})
	if err := refuseSetID(); err != nil {
		return exit.Report(stderr, app.Name, err)
	}
	name, args := arrange(app, args)
	return exit.Report(stderr, name, app.RunContext(context.Background(), args))
}

// arrange puts flags before the command's words, and says who is called. Where
// no subcommand is, the subcommands are taken away, so that a command of the
// same name can be traced (capmon -- monitor).
func arrange(app *cli.App, args []string) (name string, arranged []string) {
	if len(args) < 2 {
		return app.Name, args
	}
	for _, c := range app.Commands {
		if c.HasName(args[1]) {
			return app.Name + " " + c.Name, append([]string{args[0], c.Name}, flagsFirst(args[2:], c.Flags)...)
		}
	}
	if args[1] == "-h" || args[1] == "--help" {
		return app.Name, args[:2]
	}
	app.Commands = nil
	return app.Name, append(args[:1:1], flagsFirst(args[1:], app.Flags)...)
}

func newApp(s streams) *cli.App {
	var verbose int
	var wait waitFlag
	app := &cli.App{
		Name:  "capmon",
		Usage: "finds out which Linux capabilities a command really needs",
		UsageText: "capmon [options] '<cmd>'            trace one run\n" +
			"capmon discover [options] '<cmd>'   find the capabilities that it needs\n" +
			"capmon monitor [options] [PATTERN]  watch the machine; also -m, --monitor\n" +
			"capmon doctor                       what works on this machine, and what helps",
		Description:            traceDescription,
		Writer:                 s.out,
		ErrWriter:              s.err,
		Commands:               []*cli.Command{discoverCommand(s), monitorCommand(s), doctorCommand(s), completionCommand(s), manCommand(s)},
		Flags:                  traceFlags(&verbose, &wait),
		Action:                 traceAction(s, &verbose, &wait),
		ExitErrHandler:         func(*cli.Context, error) {},
		OnUsageError:           usageErrors("capmon"),
		HideHelpCommand:        true,
		HideVersion:            true,
		UseShortOptionHandling: true,
	}
	for _, c := range app.Commands {
		c.OnUsageError = usageErrors("capmon " + c.Name)
		c.HideHelpCommand = true
		c.UseShortOptionHandling = true
	}
	describe(app)
	return app
}

func usageErrors(name string) cli.OnUsageErrorFunc {
	return func(_ *cli.Context, err error, _ bool) error { return flagError(name, err) }
}
