package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/capmon/capmon/cmd/capmon/output"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
)

// unitsOfMachine is where the administrator's units are (systemd.unit(5)).
const unitsOfMachine = "/etc/systemd/system"

// install writes the drop-in of a unit whose set is proven, and says how to put
// it in force and how to undo it.
func install(w io.Writer, r discover.Report) error {
	if r.Verdict != discover.Minimal {
		fmt.Fprintln(w, "capmon discover: no drop-in is installed: the set is not proven")
		return nil
	}
	var text bytes.Buffer
	if err := emit.Write(&text, "systemd", r); err != nil {
		return err
	}
	dir := filepath.Join(unitsOfMachine, r.Unit.Name+".d")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make directory for the drop-in: %w", err)
	}
	file := filepath.Join(dir, emit.FileName("systemd"))
	d, err := output.Open(os.Stdout, file)
	if err != nil {
		return err
	}
	defer d.Discard()
	if _, err := d.Write(text.Bytes()); err != nil {
		return fmt.Errorf("write drop-in: %w", err)
	}
	if err := d.Commit(); err != nil {
		return err
	}
	fmt.Fprintf(w, "capmon discover: %s is installed; systemctl daemon-reload && systemctl restart %s puts it in force\n", file, r.Unit.Name)
	fmt.Fprintf(w, "capmon discover: to undo it: rm %s, and the same again\n", file)
	return nil
}
