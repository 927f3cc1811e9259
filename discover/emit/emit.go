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
	name string
	// about says in a line what it is for.
	about string
	write func(controller.Report) []byte
}

// formats is the one place where a format is added, in the order of their
// names.
func formats() []format {
	return []format{
		{"ansible", "tasks with community.general.capabilities", ansible},
		{"apparmor", "an AppArmor profile that allows these capabilities and no others", apparmor},
		{"capsh", "a command line with capsh(1)", capshLine},
		{"compose", "a service of a Compose file", compose},
		{"docker", "a command line with docker run", docker},
		{"dockerfile", "the lines of a Dockerfile that set file capabilities", dockerfile},
		{"flags", "the options of docker run and podman run alone, for pasting", flags},
		{"kubernetes", "a Pod with the securityContext of its container", kubernetes},
		{"list", "the names, separated by commas, for pasting", list},
		{"markdown", "a table with the reason for each capability, for a pull request", markdown},
		{"oci", "process of an OCI runtime configuration (config.json), with all five sets", oci},
		{"pam_cap", "a line of /etc/security/capability.conf, for all that the user starts", pamCap},
		{"podman", "a command line with podman run", podman},
		{"setcap", "setcap(8) commands, for whoever executes the files", setcap},
		{"setpriv", "a command line with setpriv(1)", setprivLine},
		{"systemd", "a drop-in for a systemd service", systemd},
		{"systemd-run", "a command line with systemd-run(1)", systemdRun},
		{"yaml", "the whole report as YAML", asYAML},
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

// About says in a line what a format is for; "" if there is no such format.
func About(name string) string {
	f, _ := lookup(name)
	return f.about
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
