package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/cmd/capmon/discoveroutput"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/output"
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
	d, err := output.Open(s.out, o.file)
	if err != nil {
		return err
	}
	defer d.Discard()
	return printReport(d, o, r)
}

// printReport writes the report in the form that was asked for.
func printReport(d *output.Destination, o discoverOptions, r discover.Report) error {
	if err := formatReport(d, o, r); err != nil {
		return err
	}
	return d.Commit()
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
