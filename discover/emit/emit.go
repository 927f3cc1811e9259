// Package emit writes a report in the forms in which people grant
// capabilities: one file of this package a format.
package emit

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/capmon/capmon/discover"
)

// formats is the one place where a format is added.
func formats() map[string]func(discover.Report) []byte {
	return map[string]func(discover.Report) []byte{
		"docker":  docker,
		"setcap":  setcap,
		"systemd": systemd,
	}
}

// Formats lists the names that Write takes, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(formats())) }

// Known returns an error that lists the known formats when format is none of
// them, so that a command line can be refused before anything is run.
func Known(format string) error {
	if _, ok := formats()[format]; !ok {
		return fmt.Errorf("unknown format %q: the formats are %s", format, strings.Join(Formats(), ", "))
	}
	return nil
}

// Write writes r to w in the format of that name.
func Write(w io.Writer, format string, r discover.Report) error {
	if err := Known(format); err != nil {
		return err
	}
	if _, err := w.Write(formats()[format](r)); err != nil {
		return fmt.Errorf("write %s: %w", format, err)
	}
	return nil
}
