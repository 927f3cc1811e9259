package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/cmd/capmon/discoveroutput"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/output"
	"github.com/capmon/capmon/cmd/capmon/page"
	"github.com/capmon/capmon/cmd/capmon/state"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
)

// emitLast prints the caller's last discovery in another form.
func emitLast(s streams, o discoverOptions) error {
	if err := dropElevation(); err != nil {
		return err
	}
	owner, _, err := account.Caller()
	if err != nil {
		return err
	}
	r, err := state.Load(owner)
	if errors.Is(err, state.ErrNoReport) {
		return exit.Usagef("no discovery is kept for %s: run capmon discover '<cmd>' first", owner.Name)
	}
	if err != nil {
		return err
	}
	d, err := o.open(s)
	if err != nil {
		return err
	}
	defer d.discard()
	if o.page, err = openPage(o.report); err != nil {
		return err
	}
	defer o.page.discard()
	if err := d.print(o, r); err != nil {
		return err
	}
	return o.page.write(func() page.Page { return page.OfDiscovery(r) })
}

// explainFormats prints what each of the formats is.
func explainFormats(s streams, formats []string) error {
	var b strings.Builder
	for _, f := range emit.Forms() {
		if !slices.Contains(formats, f.Name) {
			continue
		}
		fmt.Fprintf(&b, "%-12s %s\n", f.Name, f.Text)
	}
	return printText(s, b.String())
}

// destinations are where the result goes: one, or in a directory a file for
// each format.
type destinations []*output.Destination

// open opens all before anything is run, so that a file which cannot be written
// loses no result.
func (o discoverOptions) open(s streams) (destinations, error) {
	info, err := os.Stat(o.file)
	if err != nil || !info.IsDir() || len(o.formats) == 0 {
		d, err := output.Open(s.out, o.file)
		return destinations{d}, err
	}
	var all destinations
	for _, format := range o.formats {
		d, err := output.Open(s.out, filepath.Join(o.file, emit.FileName(format)))
		if err != nil {
			all.discard()
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

func (all destinations) discard() {
	for _, d := range all {
		d.Discard()
	}
}

// print writes the report in the forms that were asked for.
func (all destinations) print(o discoverOptions, r discover.Report) error {
	for i, d := range all {
		part := o
		if len(all) > 1 {
			part.formats = o.formats[i : i+1]
		}
		if err := formatReport(d, part, r); err != nil {
			return err
		}
	}
	for _, d := range all {
		if err := d.Commit(); err != nil {
			return err
		}
	}
	return nil
}

func formatReport(w io.Writer, o discoverOptions, r discover.Report) error {
	if o.json {
		return output.JSON(w, r)
	}
	if len(o.formats) == 0 {
		return discoveroutput.Result{Screen: terminal.NewScreen(w, o.color), Notes: exposureNotes(r)}.Write(w, r)
	}
	for i, format := range o.formats {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := emit.Write(w, format, r); err != nil {
			return err
		}
	}
	return nil
}
