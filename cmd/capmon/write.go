package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
)

// emitLast prints the caller's last discovery in another form.
func emitLast(s streams, o discoverOptions) error {
	if err := dropElevation(); err != nil {
		return err
	}
	owner, _, err := caller()
	if err != nil {
		return err
	}
	r, err := loadReport(owner)
	if errors.Is(err, errNoReport) {
		return usagef("no discovery is kept for %s: run capmon discover '<cmd>' first", owner.Name)
	}
	if err != nil {
		return err
	}
	d, err := openDestination(s, o.file)
	if err != nil {
		return err
	}
	defer d.discard()
	return printReport(d, o, r)
}

// destination is where a result goes: standard output, or a file that is
// written whole or not at all. It is opened before anything is run, so that a
// file which cannot be written loses no result.
type destination struct {
	io.Writer
	name    string
	pending *renameio.PendingFile // a file that is to be replaced
	device  *os.File              // one that can only be written to
}

func openDestination(s streams, name string) (*destination, error) {
	if name == "" {
		return &destination{Writer: s.out}, nil
	}
	d := &destination{name: name}
	if err := d.open(); err != nil {
		return nil, usagef("-o: cannot write %s: %v", name, rootCause(err))
	}
	return d, nil
}

// open follows a link to the file behind it, and does not take a device or a
// pipe (/dev/stdout) for a file that could be replaced.
func (d *destination) open() (err error) {
	path := d.name
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return unix.EISDIR
	case err == nil && (!info.Mode().IsRegular() || isDescriptor(path)):
		// O_NONBLOCK: a pipe that nobody reads is an error, and no wait.
		d.device, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND|unix.O_NONBLOCK, 0)
		d.Writer = d.device
		return err
	case err == nil:
		if path, err = resolve(path); err != nil {
			return err
		}
	}
	d.pending, err = renameio.NewPendingFile(path, renameio.WithPermissions(0o644), renameio.WithExistingPermissions())
	d.Writer = d.pending
	return err
}

// isDescriptor says whether the name stands for a descriptor that is open
// already (proc(5)): what comes behind it would be lost with a file replaced.
func isDescriptor(name string) bool {
	return name == "/dev/stdout" || name == "/dev/stderr" ||
		strings.HasPrefix(name, "/dev/fd/") || strings.HasPrefix(name, "/proc/")
}

// resolve returns the name without links of the file that the kernel opens
// for name, with the kernel's protection of links (fs.protected_symlinks).
func resolve(name string) (string, error) {
	fd, err := unix.Open(name, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	return os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
}

// commit puts the file in place.
func (d *destination) commit() (err error) {
	switch {
	case d.pending != nil:
		err = d.pending.CloseAtomicallyReplace()
	case d.device != nil:
		err = d.device.Close()
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", d.name, err)
	}
	return nil
}

// discard leaves nothing behind of a file that was not committed.
func (d *destination) discard() {
	if d.pending != nil {
		// Cleanup of a committed file does nothing.
		_ = d.pending.Cleanup()
	}
}

// printReport writes the report in the form that was asked for.
func printReport(d *destination, o discoverOptions, r discover.Report) error {
	if err := formatReport(d, o, r); err != nil {
		return err
	}
	return d.commit()
}

func formatReport(w io.Writer, o discoverOptions, r discover.Report) error {
	if o.json {
		return writeJSON(w, r)
	}
	if len(o.formats) == 0 {
		return writeResult(w, r)
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

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
