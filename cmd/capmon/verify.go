package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/compareoutput"
	"github.com/capmon/capmon/cmd/capmon/discoveroutput"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/output"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/cmd/capmon/version"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/engine"
)

type verifyOptions struct {
	file          string
	quick, update bool
	verbose       bool
	color         terminal.When
	junit         string
}

func verifyCommand(s streams) *command.Command {
	type o = verifyOptions
	fields := command.Fields[o]{
		command.Switch(command.Option{Name: "quick", Text: "try only the set itself, and not whether all of it is still needed"},
			func(o *o) *bool { return &o.quick }),
		command.Switch(command.Option{Name: "update", Text: "when something has changed, discover again and write the new report to REPORT"},
			func(o *o) *bool { return &o.update }),
		command.String(command.Option{Name: "junit", Value: command.AnyFile, Text: "without REPORT: write the results to FILE as JUnit XML, which CI systems read"},
			func(o *o) *string { return &o.junit }),
		command.Switch(command.Option{Name: "v", Text: "show what the command prints in each attempt"},
			func(o *o) *bool { return &o.verbose }),
		colorOption(func(o *o) *terminal.When { return &o.color }),
	}
	return &command.Command{
		Name:    "capmon verify",
		Summary: "say whether a kept discovery is still true",
		Usage: []command.Item{
			{Term: "capmon verify [options] REPORT", Text: "as capmon discover --json prints it"},
			{Term: "capmon verify [options]", Text: "all workloads of ./capmon.yaml"},
		},
		Description: `
Runs the command of the report again, as it was discovered: with the recorded
set, and then without each capability of it. When the set does not suffice any
more, it is discovered anew, and what has changed is printed. The command runs in
the directory in which it was discovered, with the environment of now and without
standard input.

Without REPORT it does the same for each workload of capmon.yaml in this
directory (docs/capmon.schema.json), prints a table, and in a GitHub workflow
marks what has changed.`,
		Files:   []command.Item{{Term: "capmon.yaml", Text: "the workloads of a repository, each with the capabilities that it needs"}},
		Options: fields.Options(),
		Words:   command.Value{Kind: command.File, Placeholder: "REPORT"},
		Exits: []command.Item{
			{Term: "0", Text: "unchanged"},
			{Term: "1", Text: "it needs more"},
			{Term: "2", Text: "wrong usage, or a file that is no report"},
			{Term: "3", Text: "it needs less, or this could not be proven"},
			{Term: "125", Text: "capmon failed"},
			{Term: "128+N", Text: "ended by signal N"},
		},
		SeeAlso: []string{"capabilities(7)"},
		Run: func(given command.Given) error {
			o, err := fields.Fill(given)
			if err != nil {
				return err
			}
			switch {
			case len(given.Words) > 1:
				return exit.Usagef("give one report: capmon verify REPORT")
			case len(given.Words) == 0 && o.update:
				return exit.Usagef("--update needs a REPORT: what stands in capmon.yaml is yours to change")
			case len(given.Words) == 0:
				return runVerifyAll(s, o)
			case o.junit != "":
				return exit.Usagef("--junit is for the workloads of capmon.yaml: leave the report out")
			}
			o.file = given.Words[0]
			return runVerify(s, o)
		},
	}
}

func runVerify(s streams, o verifyOptions) error {
	if err := requireRoot("verify"); err != nil {
		return err
	}
	kept, err := readReport(s, o.file)
	if err != nil {
		return exit.Usagef("%s: %v", o.file, err)
	}
	if kept.Verdict == discover.NotFound {
		return exit.Usagef("%s: it found no set, so there is nothing to verify", o.file)
	}
	types := bpf.ReadTypes()
	senders := watchSenders(types)
	defer senders.close()
	ctx, restore := untilInterrupted(senders)
	defer restore()
	err = verifyKept(ctx, s, s.out, o, types, kept)
	sayInterrupted(ctx, s.err, "capmon verify")
	if status := interruptStatus(ctx); status != 0 {
		return exit.Status(status)
	}
	return err
}

// verifyKept makes the attempts of a report again, and writes to w what has
// become of its set.
func verifyKept(ctx context.Context, s streams, w io.Writer, o verifyOptions, types *bpf.Types, kept discover.Report) error {
	again, err := optionsOf(kept)
	if err != nil {
		return exit.Usagef("%s: %v", o.file, err)
	}
	if err := os.Chdir(kept.Directory); err != nil && kept.Unit == nil {
		return exit.Usagef("%s: its directory %s cannot be entered: %v", o.file, kept.Directory, exit.RootCause(err))
	}
	p := discoveroutput.NewProgress(s.err, terminal.NewScreen(s.err, o.color), launch.Grantable(), o.verbose)
	discoverer, err := openDiscoverer(s, again, types, p)
	if err != nil {
		return err
	}
	defer discoverer.Close()
	return verifyAndPrint(ctx, w, o, kept, again, discoverer, p)
}

// verifyAndPrint says what has become of the set.
func verifyAndPrint(ctx context.Context, w io.Writer, o verifyOptions, kept discover.Report, again discoverOptions, d *discover.Discoverer, p *discoveroutput.Progress) error {
	c := again.discovered(nil)
	v, err := d.Verify(ctx, c, kept.Capabilities, kept.NeedsRoot, o.quick)
	p.Stop()
	var missing *launch.ExecError
	if err != nil && !errors.As(err, &missing) {
		return again.optionNamed(err)
	}
	switch {
	case v.Sufficient && v.Superfluous == 0 && o.quick:
		_, err := fmt.Fprintf(w, "still sufficient: %s\n", named(kept.Capabilities))
		return err
	case v.Sufficient && v.Superfluous == 0:
		_, err := fmt.Fprintf(w, "unchanged: %s\n", named(kept.Capabilities))
		return err
	case v.Sufficient && !o.update:
		for _, c := range v.Superfluous.Members() {
			fmt.Fprintf(w, "- %s: it succeeds without\n", c)
		}
		return exit.Status(exit.Unproven)
	}
	return rediscover(ctx, w, o, kept, again, d, p)
}

// rediscover finds what the command needs now.
func rediscover(ctx context.Context, w io.Writer, o verifyOptions, kept discover.Report, again discoverOptions, d *discover.Discoverer, p *discoveroutput.Progress) error {
	now, err := d.Discover(ctx, again.discovered(nil))
	p.Stop()
	if err != nil {
		return again.optionNamed(err)
	}
	if now.Verdict == discover.NotFound {
		_, err := fmt.Fprintln(w, "no set of capabilities makes the command succeed any more")
		return errors.Join(err, exit.Status(exit.NotFound))
	}
	now.Version = version.Read().Version
	if err := compareoutput.WriteDiff(w, kept, now); err != nil {
		return err
	}
	if o.update {
		if err := rewrite(o.file, now); err != nil {
			return err
		}
	}
	if now.Capabilities.Minus(kept.Capabilities) != 0 {
		return exit.Status(exit.NotFound)
	}
	return exit.Status(exit.Unproven)
}

func rewrite(file string, r discover.Report) error {
	return output.Write(os.Stdout, file, func(w io.Writer) error { return output.JSON(w, r) })
}

func named(set caps.Set) string {
	if set == 0 {
		return "no capability"
	}
	return strings.Join(set.Names(), ", ")
}

// optionsOf are the options with which a report was made.
func optionsOf(r discover.Report) (o discoverOptions, err error) {
	g := r.Given
	o = discoverOptions{
		command: r.Command, user: g.User, setup: g.Setup, check: g.Check, cleanup: g.Cleanup, ready: g.Ready,
		exercise: g.Exercise, reload: g.Reload, stop: g.Stop, skip: g.Skip,
		timeout: g.Timeout, readyTimeout: g.ReadyTimeout, hookTimeout: g.HookTimeout,
		expectExit: g.ExpectExit, devices: g.Devices, require: g.Require, jobs: 1, maxRuns: discover.DefaultMaxRuns,
	}
	if g.User == "" && g.Unit == "" && !r.NeedsRoot && r.User.Name != "" {
		o.user = fmt.Sprintf("%d:%d", r.User.UID, r.User.GID)
	}
	if g.Sandbox != "" {
		value := ""
		if g.Sandbox == "net" {
			value = "net"
		}
		if o.sandbox, err = parseSandbox(value); err != nil {
			return o, err
		}
	}
	if g.ExpectOutput != "" {
		if o.expectOutput, err = regexp.Compile(g.ExpectOutput); err != nil {
			return o, err
		}
	}
	if g.Engine != "" {
		o.command, o.user, o.runOptions, o.checkInside = g.Arguments, g.User, g.Options, g.CheckInside
		if o.podman = g.Image; g.Engine == engine.Docker {
			o.podman, o.docker = "", g.Image
		}
		if err := o.validateImage(); err != nil {
			return o, err
		}
		if _, err := o.identify(); err != nil {
			return o, err
		}
		if r.Container != nil && r.Container.FileCapabilities != "" {
			o.image.UseFileCapabilities(r.Container.FileCapabilities)
		}
		return o, nil
	}
	if g.Bundle != "" {
		o.command, o.user, o.bundle, o.runtime = nil, "", g.Bundle, g.Runtime
		_, err = o.identify()
		return o, err
	}
	if g.Unit == "" {
		return o, nil
	}
	o.command = nil
	o.unit = g.Unit
	if g.OfUser {
		o.unit, o.userUnit = "", g.Unit
	}
	if r.Unit != nil {
		o.manager = r.Unit.Manager
	}
	_, err = o.identify()
	return o, err
}
