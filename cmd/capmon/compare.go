package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/compareoutput"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/fleet"
	"github.com/capmon/capmon/cmd/capmon/page"
	"github.com/capmon/capmon/cmd/capmon/state"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/compare"
	"github.com/capmon/capmon/discover/emit"
)

// someReports is what stands behind the options of diff and merge.
var someReports = command.Value{Kind: command.File, Placeholder: "REPORT..."}

func diffCommand(s streams) *command.Command {
	return &command.Command{
		Name:    "capmon diff",
		Summary: "say in what two kept discoveries differ",
		Usage:   []command.Item{{Term: "capmon diff A B", Text: "reports as capmon discover --json prints them; - is standard input"}},
		Words:   someReports,
		Exits: []command.Item{
			{Term: "0", Text: "the same set"},
			{Term: "1", Text: "another set"},
			{Term: "2", Text: "wrong usage, or a file that is no report"},
		},
		Run: func(given command.Given) error {
			if len(given.Words) != 2 {
				return exit.Usagef("give two reports: capmon diff A B")
			}
			reports, err := readReports(s, given.Words)
			if err != nil {
				return err
			}
			if err := compareoutput.WriteDiff(s.out, reports[0], reports[1]); err != nil {
				return err
			}
			if reports[0].Capabilities != reports[1].Capabilities {
				return exit.Status(exit.NotFound)
			}
			return nil
		},
	}
}

func mergeCommand(s streams) *command.Command {
	type options struct {
		formats []string
		report  string
		from    string
		by      fleet.By
		json    bool
	}
	fields := command.Fields[options]{
		command.Chosen(command.Option{Name: "from", Value: command.OneOf("report|otlp", "report", "otlp"), Default: "report", Text: "what the files are: reports of discover, or OTLP JSON lines that a collector wrote from capmon monitor --otlp"},
			func(o *options) *string { return &o.from }),
		command.Chosen(command.Option{Name: "by", Value: command.OneOf("WHAT", fleet.Groupings()...), Text: "with --from otlp: group by WHAT: unit, image or executable; workload, the default, is the image, else the unit, else the executable"},
			func(o *options) *fleet.By { return &o.by }),
		command.Switch(command.Option{Name: "json", Text: "with --from otlp: print the result as JSON (docs/fleet.schema.json)"},
			func(o *options) *bool { return &o.json }),
		command.Parsed(command.Option{Name: "emit", Value: command.SomeOf("FORMAT[,FORMAT]", emit.Formats()...), Text: "print only the set of all, as FORMAT; help explains each"},
			parseFormats, func(o *options) *[]string { return &o.formats }),
		reportOption(func(o *options) *string { return &o.report }),
	}
	return &command.Command{
		Name:    "capmon merge",
		Summary: "join several kept discoveries to one set, or what many machines did",
		Usage: []command.Item{
			{Term: "capmon merge [options] REPORT...", Text: "reports as capmon discover --json prints them; - is standard input"},
			{Term: "capmon merge --from otlp [options] FILE...", Text: "what a collector stored of capmon monitor --otlp"},
		},
		Description: `
Prints which of the reports needs which capability, and what all need together:
for one program in several configurations, uses or machines. What makes the
reports hard to compare (other users, other kernels, no proof) is named.

With reports of capmon observe --json among them it prints what is needed by
proof beside what was seen in use and what was granted; --emit then writes what
is needed or was used.

With --from otlp it prints for each unit, image or executable which capabilities
it used and was refused, on how many hosts, and for how long it was seen. That is
observed, not proven.`,
		Options: fields.Options(),
		Words:   someReports,
		Exits: []command.Item{
			{Term: "0", Text: "joined"},
			{Term: "2", Text: "wrong usage, or a file that is no report"},
			{Term: "3", Text: "joined, but not all of it is proven"},
		},
		Run: func(given command.Given) error {
			o, err := fields.Fill(given)
			if err != nil {
				return err
			}
			if slices.Equal(o.formats, []string{explain}) {
				return explainFormats(s, emit.Formats())
			}
			if o.from == "otlp" {
				if len(o.formats) > 0 || o.report != "" {
					return exit.Usagef("--emit and --report are for what was proven, and not for --from otlp: leave them out")
				}
				return mergeFleet(s, given.Words, cmp.Or(o.by, fleet.ByWorkload), o.json)
			}
			if o.by != "" || o.json {
				return exit.Usagef("--by and --json are for --from otlp: leave them out")
			}
			if len(given.Words) == 0 {
				return exit.Usagef("give at least one report: capmon merge REPORT...")
			}
			k, err := readKept(s, given.Words)
			if err != nil {
				return err
			}
			if len(k.observations) > 0 {
				if o.report != "" {
					return exit.Usagef("--report is for discoveries alone: leave it or the observations out")
				}
				return printJoined(s, k, o.formats)
			}
			f, err := openPage(o.report)
			if err != nil {
				return err
			}
			defer f.discard()
			return printMerged(s.out, f, k.reports, k.files, o.formats)
		},
	}
}

func printMerged(w io.Writer, f *pageFile, reports []discover.Report, files, formats []string) error {
	m := compare.Merge(reports, files)
	var text strings.Builder
	if len(formats) == 0 {
		compareoutput.WriteMatrix(&text, m, reports, files)
	}
	for _, format := range formats {
		if err := emit.Write(&text, format, together(m, reports)); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(w, text.String()); err != nil {
		return fmt.Errorf("write standard output: %w", err)
	}
	if err := f.write(func() page.Page { return page.OfMerged(m, reports, files, together(m, reports)) }); err != nil {
		return err
	}
	if !allProven(reports) {
		return exit.Status(exit.Unproven)
	}
	return nil
}

// together is the first report with the set of all.
func together(m compare.Merged, reports []discover.Report) discover.Report {
	r := reports[0]
	r.Capabilities, r.Alternatives, r.Evidence = m.Capabilities, nil, nil
	r.Verdict, r.Reason = discover.Minimal, ""
	for i, other := range reports {
		if other.Verdict != discover.Minimal {
			r.Verdict, r.Reason = discover.Sufficient, fmt.Sprintf("report %d is not proven", i+1)
		}
		for _, e := range other.Evidence {
			e.FailedWithout = 0 // an attempt of another report
			r.Evidence = append(r.Evidence, e)
		}
	}
	return r
}

// readReports reads files as they were kept.
func readReports(s streams, files []string) ([]discover.Report, error) {
	var reports []discover.Report
	for _, file := range files {
		r, err := readReport(s, file)
		if err != nil {
			return nil, exit.Usagef("%s: %v", file, err)
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// maxReport is how long a report may be: a file that has no end is none.
const maxReport = 256 << 20

func readReport(s streams, file string) (discover.Report, error) {
	text, err := readBounded(s, file)
	if err != nil {
		return discover.Report{}, err
	}
	r, err := state.Parse(text)
	if err != nil {
		return r, errors.New("it is not a report of capmon discover --json")
	}
	return r, nil
}

// readBounded reads a file, or standard input for "-".
func readBounded(s streams, file string) ([]byte, error) {
	in := s.in
	if file != "-" {
		f, err := os.Open(filepath.Clean(file))
		if err != nil {
			return nil, errors.New(exit.RootCause(err).Error())
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxReport+1))
	switch {
	case err != nil:
		return nil, errors.New(exit.RootCause(err).Error())
	case len(text) > maxReport:
		return nil, errors.New("it is too long for a report")
	}
	return text, nil
}
