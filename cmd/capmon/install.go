package main

import (
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
	dir := filepath.Join(unitsOfMachine, r.Unit.Name+".d")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make directory for the drop-in: %w", err)
	}
	file := filepath.Join(dir, emit.FileName("systemd"))
	err := output.Write(os.Stdout, file, func(w io.Writer) error { return emit.Write(w, "systemd", r) })
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "capmon discover: %s is installed; systemctl daemon-reload && systemctl restart %s puts it in force\n", file, r.Unit.Name)
	fmt.Fprintf(w, "capmon discover: to undo it: rm %s, and the same again\n", file)
	return nil
}
