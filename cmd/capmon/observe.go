package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/observeoutput"
	"github.com/capmon/capmon/cmd/capmon/output"
	"github.com/capmon/capmon/cmd/capmon/page"
	"github.com/capmon/capmon/cmd/capmon/version"
	"github.com/capmon/capmon/discover/emit"
	"github.com/capmon/capmon/trace/backend"
	"github.com/capmon/capmon/trace/monitor"
	"github.com/capmon/capmon/trace/observe"
)

// observeOptions are the options of observe.
type observeOptions struct {
	pid                     int
	unit, container, cgroup string
	limit                   time.Duration
	json                    bool
	formats                 []string
	backend, file, report   string
}

func observeCommand(s streams) *command.Command {
	type o = observeOptions
	fields := command.Fields[o]{
		command.Parsed(command.Option{Name: "pid", Value: command.AnyProcess, Text: "the process PID and its descendants"},
			parsePID, func(o *o) *int { return &o.pid }),
		command.String(command.Option{Name: "unit", Value: command.Value{Kind: command.Text, Placeholder: "NAME"}, Text: "the service NAME of the system's manager"},
			func(o *o) *string { return &o.unit }),
		command.Parsed(command.Option{Name: "container", Value: command.Value{Kind: command.Text, Placeholder: "ID"}, Text: "the container ID, or the beginning of one"},
			findContainer, func(o *o) *string { return &o.container }),
		command.Parsed(command.Option{Name: "cgroup", Value: command.Value{Kind: command.CgroupPath, Placeholder: "PATH"}, Text: "what is in the cgroup PATH (v2) or below"},
			findCgroup, func(o *o) *string { return &o.cgroup }),
		command.Duration(command.Option{Name: "for", Value: command.AnyTime, Text: "end after TIME, such as 60s; without it Ctrl-C does"},
			func(o *o) *time.Duration { return &o.limit }),
		command.Switch(command.Option{Name: "json", Text: "print the report as JSON (docs/observe.schema.json)"},
			func(o *o) *bool { return &o.json }),
		command.Parsed(command.Option{Name: "emit", Value: command.SomeOf("FORMAT[,FORMAT]", emit.ObservedFormats()...), Text: "print only the set that was used, as FORMAT, with the words \"observed, not proven\""},
			parseObservedFormats, func(o *o) *[]string { return &o.formats }),
		fileOption("write the report to FILE, whole or not at all", func(o *o) *string { return &o.file }),
		reportOption(func(o *o) *string { return &o.report }),
		backendOption(backend.Names(), "; the first that works if none is named", func(o *o) *string { return &o.backend }),
	}
	return &command.Command{
		Name:    "capmon observe",
		Summary: "watch what already runs, and say which capabilities it holds and never uses",
		Usage: []command.Item{
			{Term: "capmon observe [options] --pid PID", Text: "a process and its descendants"},
			{Term: "capmon observe [options] --unit NAME", Text: "a service"},
			{Term: "capmon observe [options] --container ID", Text: "a container"},
			{Term: "capmon observe [options] --cgroup PATH", Text: "all in a cgroup"},
		},
		Description: `
Starts and changes nothing. It counts the capability checks of the processes
until Ctrl-C or for the time of --for, and says of each and of all what was used,
what was refused, and what was held and never used. That is observed, not proven:
what was not used while capmon watched may be needed the next day. capmon discover
proves.`,
		Options: fields.Options(),
		Exits: []command.Item{
			{Term: "0", Text: "ended by Ctrl-C, SIGTERM or --for"},
			{Term: "2", Text: "wrong usage, or there is no such thing to watch"},
			{Term: "125", Text: "capmon failed"},
		},
		Examples: []command.Item{{Term: "A service, for a minute", Text: "capmon observe --unit nginx --for 60s"}},
		SeeAlso:  []string{"capabilities(7)", "cgroups(7)", "getpcaps(8)"},
		Run: func(given command.Given) error {
			o, err := fields.Fill(given)
			if err != nil {
				return err
			}
			if len(given.Words) > 0 {
				return exit.Usagef("observe starts no command: leave out %q, or try capmon '%s'", given.Words[0], strings.Join(given.Words, " "))
			}
			switch {
			case slices.Equal(o.formats, []string{explain}):
				return explainFormats(s, emit.ObservedFormats())
			case o.json && len(o.formats) > 0:
				return exit.Usagef("--json and --emit exclude each other: give one of them")
			}
			return runObserve(s, o)
		},
	}
}

// target is what is watched.
type target struct {
	name   string
	filter monitor.Filter
	// pids are its processes now.
	pids func() []int
}

// target finds what the options mean.
func (o observeOptions) target() (target, error) {
	given := 0
	for _, is := range []bool{o.pid != 0, o.unit != "", o.container != "", o.cgroup != ""} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return target{}, exit.Usagef("say what to watch, by one of --pid, --unit, --container and --cgroup")
	case o.pid != 0:
		tree, err := observe.Tree(o.pid)
		if err != nil {
			return target{}, exit.Usagef("--pid: %v", err)
		}
		again := func() []int {
			now, err := observe.Tree(o.pid)
			if err != nil {
				return nil // it has ended
			}
			return now
		}
		return target{fmt.Sprintf("process %d", o.pid), monitor.Filter{Trees: tree, All: true}, again}, nil
	case o.unit != "":
		dir, err := cgroupOfUnit(o.unit)
		if err != nil {
			return target{}, exit.Usagef("--unit: %v", err)
		}
		return inCgroup("unit "+o.unit, dir), nil
	case o.container != "":
		return inCgroup("container "+filepath.Base(o.container), o.container), nil
	}
	return inCgroup("cgroup "+o.cgroup, o.cgroup), nil
}

func inCgroup(name, dir string) target {
	// All, for what is not audited is used all the same.
	return target{name, monitor.Filter{Cgroups: []string{dir}, All: true}, func() []int { return pidsOf(dir) }}
}

// cgroupOfUnit asks systemd where the unit's processes are.
func cgroupOfUnit(unit string) (string, error) {
	out, err := exec.Command("systemctl", "show", "-p", "LoadState,ControlGroup", "--", unit).Output()
	if err != nil {
		return "", fmt.Errorf("systemd cannot be asked for %s: is it the manager of this machine?", unit)
	}
	var path string
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch {
		case key == "LoadState" && value == "not-found":
			return "", fmt.Errorf("there is no unit %s: systemctl list-unit-files lists them", unit)
		case key == "ControlGroup":
			path = value
		}
	}
	if path == "" {
		return "", fmt.Errorf("%s is not active: systemctl start %s", unit, unit)
	}
	return findCgroup(path)
}

// pidsOf are the processes in a cgroup and below it.
func pidsOf(dir string) []int {
	var pids []int
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "cgroup.procs" {
			return nil
		}
		text, _ := os.ReadFile(path)
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
		return nil
	})
	return pids
}

func runObserve(s streams, o observeOptions) error {
	what, err := o.target()
	if err != nil {
		return err
	}
	if err := requireTracing("observe"); err != nil {
		return err
	}
	d, err := output.Open(s.out, o.file)
	if err != nil {
		return err
	}
	defer d.Discard()
	f, err := openPage(o.report)
	if err != nil {
		return err
	}
	defer f.discard()
	ctx, restore := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
	defer restore()
	m, err := monitor.Open(monitor.Config{Backend: o.backend, Filter: what.filter, Window: foldWindow})
	if err != nil {
		return inContainer(err)
	}
	defer m.Close()
	if err := keepReading(); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "capmon observe: watching %s by %s; Ctrl-C ends it with the report\n", what.name, m.Backend())
	r, err := observed(ctx, o, what, m)
	if err != nil {
		return err
	}
	if err := o.write(d, r); err != nil {
		return err
	}
	if err := d.Commit(); err != nil {
		return err
	}
	return f.write(func() page.Page { return page.OfObservation(r) })
}

// parseObservedFormats is parseFormats for what can be written of a set that was
// observed.
func parseObservedFormats(text string) ([]string, error) {
	formats, err := parseFormats(text)
	if text == explain {
		return formats, nil
	}
	for _, format := range formats {
		if !slices.Contains(emit.ObservedFormats(), format) {
			return nil, fmt.Errorf("%s is not for a set that was observed: one of %s is", format, strings.Join(emit.ObservedFormats(), ", "))
		}
	}
	return formats, err
}

// write writes the report as the options say.
func (o observeOptions) write(w io.Writer, r observeoutput.Report) error {
	switch {
	case o.json:
		return output.JSON(w, r)
	case len(o.formats) == 0:
		return observeoutput.Write(w, r)
	}
	for i, format := range o.formats {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := emit.Write(w, format, observeoutput.Set(r, o.unit)); err != nil {
			return err
		}
	}
	return nil
}

// observed watches until ctx ends or the time is over.
func observed(ctx context.Context, o observeOptions, what target, m *monitor.Monitor) (observeoutput.Report, error) {
	if o.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.limit)
		defer cancel()
	}
	began := time.Now()
	seen := observe.New(what.pids())
	err := m.Run(ctx, func(burst []monitor.Event) error {
		seen.Add(burst)
		return nil
	})
	if err != nil {
		return observeoutput.Report{}, err
	}
	seen.AddProcesses(what.pids())
	lost, err := m.Lost()
	if err != nil {
		return observeoutput.Report{}, err
	}
	var uname unix.Utsname
	// Cannot fail with a good pointer.
	_ = unix.Uname(&uname)
	processes := seen.Processes()
	return observeoutput.Report{
		Schema: observeoutput.Schema, Version: version.Read().Version, Kernel: unix.ByteSliceToString(uname.Release[:]), Backend: m.Backend(),
		Target: what.name, Since: began, Seconds: time.Since(began).Seconds(), Proof: observe.Proof,
		Lost: lost, Total: observe.TotalOf(processes), Processes: processes,
	}, nil
}
