// Package emit writes a report in the forms in which people grant
// capabilities: one file of this package a format.
//
//	report, err := discover.Run(ctx, command)
//	...
//	err = emit.Write(os.Stdout, "systemd", report)
package emit

import (
	"fmt"
	"io"
	"strings"

	"github.com/capmon/capmon/discover/controller"
)

// format is one form.
type format struct {
	name  string
	write func(controller.Report) []byte
}

// formats is the one place where a format is added, in the order of their
// names.
func formats() []format {
	return []format{
		{"ansible", ansible},
		{"apparmor", apparmor},
		{"capsh", capshLine},
		{"compose", compose},
		{"docker", docker},
		{"dockerfile", dockerfile},
		{"flags", flags},
		{"kubernetes", kubernetes},
		{"list", list},
		{"markdown", markdown},
		{"oci", oci},
		{"pam_cap", pamCap},
		{"podman", podman},
		{"setcap", setcap},
		{"setpriv", setprivLine},
		{"systemd", systemd},
		{"systemd-run", systemdRun},
		{"yaml", asYAML},
	}
}

// Formats lists the names that Write takes, sorted.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

func lookup(name string) (format, bool) {
	for _, f := range formats() {
		if f.name == name {
			return f, true
		}
	}
	return format{}, false
}

// Known returns an error that lists the known formats when format is none of
// them, so that a command line can be refused before anything is run.
func Known(format string) error {
	if _, ok := lookup(format); !ok {
		return fmt.Errorf("unknown format %q: the formats are %s", format, strings.Join(Formats(), ", "))
	}
	return nil
}

// Write writes r to w in the format of that name.
func Write(w io.Writer, format string, r controller.Report) error {
	if err := Known(format); err != nil {
		return err
	}
	f, _ := lookup(format)
	if _, err := w.Write(f.write(r)); err != nil {
		return fmt.Errorf("write %s: %w", format, err)
	}
	return nil
}
