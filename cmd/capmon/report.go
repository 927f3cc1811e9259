package main

import (
	"errors"
	"io"

	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/output"
	"github.com/capmon/capmon/cmd/capmon/page"
)

// reportOption names the file for the HTML page.
func reportOption[O any](field func(*O) *string) command.Field[O] {
	return command.String(command.Option{Name: "report", Value: command.AnyFile, Text: "write the result to FILE too, as one HTML page that needs nothing besides itself"}, field)
}

// pageFile is where the HTML page goes; nil where none is wanted. It is opened
// before anything is run, so that a file which cannot be written loses nothing.
type pageFile struct{ destination *output.Destination }

func openPage(file string) (*pageFile, error) {
	if file == "" {
		return nil, nil
	}
	d, err := output.OpenFile("--report", file)
	if err != nil {
		return nil, err
	}
	return &pageFile{d}, nil
}

// write makes the page only where one is wanted.
func (f *pageFile) write(make func() page.Page) error {
	if f == nil {
		return nil
	}
	if err := page.Write(f.destination, make()); err != nil {
		return err
	}
	return f.destination.Commit()
}

func (f *pageFile) discard() {
	if f != nil {
		f.destination.Discard()
	}
}

func reportCommand(s streams) *command.Command {
	type options struct{ file string }
	fields := command.Fields[options]{
		fileOption("write the page to FILE", func(o *options) *string { return &o.file }),
	}
	return &command.Command{
		Name:    "capmon report",
		Summary: "show a kept report as an HTML page",
		Usage:   []command.Item{{Term: "capmon report [options] REPORT", Text: "what capmon printed with --json; - is standard input"}},
		Description: `
Makes one HTML page of a report that capmon discover, capmon '<cmd>' or capmon
observe has printed with --json: the answer and its proof, each attempt with the
checks of its processes, and the set in every form. The page loads nothing and
sends nothing. --report of these commands makes it at once.`,
		Options: fields.Options(),
		Words:   command.Value{Kind: command.File, Placeholder: "REPORT"},
		Exits: []command.Item{
			{Term: "0", Text: "made"},
			{Term: "2", Text: "wrong usage, or a file that is no report"},
			{Term: "125", Text: "capmon failed"},
		},
		Run: func(given command.Given) error {
			o, err := fields.Fill(given)
			if err != nil {
				return err
			}
			if len(given.Words) != 1 {
				return exit.Usagef("give one report: capmon report REPORT")
			}
			if err := dropElevation(); err != nil {
				return err
			}
			return runReport(s, given.Words[0], o.file)
		},
	}
}

func runReport(s streams, file, out string) error {
	text, err := readBounded(s, file)
	if err != nil {
		return exit.Usagef("%s: %v", file, err)
	}
	p, err := page.Read(text)
	if errors.Is(err, page.ErrNoReport) {
		return exit.Usagef("%s: %v", file, err)
	}
	if err != nil {
		return err
	}
	return output.Write(s.out, out, func(w io.Writer) error { return page.Write(w, p) })
}
