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

// Form says what a format is.
type Form struct {
	// Name is what Write takes, Text what it is for, in a line, and File what
	// a file of it is usually called.
	Name, Text, File string
}

// format is one form, and how it is written.
type format struct {
	Form
	write func(controller.Report) []byte
	// observed: it is also for a set that was observed. The others run or change a
	// program, of which nothing is known then.
	observed bool
}

// formats is the one place where a format is added, in the order of their
// names.
func formats() []format {
	return []format{
		{Form{"ansible", "a task that sets file capabilities (community.general.capabilities)", "capmon-ansible.yml"}, ansible, false},
		{Form{"apparmor", "the capability rules of a profile", "capmon.apparmor"}, apparmor, true},
		{Form{"capsh", "a capsh(1) command that runs it with the set", "capmon-capsh.sh"}, capshLine, false},
		{Form{"compose", "a service of Docker Compose", "compose.capmon.yaml"}, compose, true},
		{Form{"docker", "a docker run command", "capmon-docker.sh"}, docker, true},
		{Form{"dockerfile", "a build that sets file capabilities", "Dockerfile.capmon"}, dockerfile, false},
		{Form{"flags", "--cap-drop and --cap-add alone", "flags.txt"}, flags, true},
		{Form{"kubernetes", "a container's securityContext, and a Pod", "capmon-kubernetes.yaml"}, kubernetes, true},
		{Form{"list", "CAP_A,CAP_B", "capabilities.txt"}, list, true},
		{Form{"markdown", "a table with the reasons, for a pull request", "capmon.md"}, markdown, true},
		{Form{"oci", "the five sets of config.json", "capmon-oci.json"}, oci, false},
		{Form{"pam_cap", "a line of capability.conf for pam_cap(8)", "capability.conf"}, pamCap, false},
		{Form{"podman", "a podman run command", "capmon-podman.sh"}, podman, true},
		{Form{"setcap", "a setcap(8) command for the file", "capmon-setcap.sh"}, setcap, false},
		{Form{"setpriv", "a setpriv(1) command that runs it with the set", "capmon-setpriv.sh"}, setprivLine, false},
		{Form{"systemd", "a drop-in for the unit", "50-capmon.conf"}, systemd, true},
		{Form{"systemd-run", "a systemd-run(1) command", "capmon-systemd-run.sh"}, systemdRun, false},
		{Form{"yaml", "the whole report as YAML", "capmon.yml"}, asYAML, false},
	}
}

// Formats lists the names that Write takes, sorted.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.Name)
	}
	return names
}

// Forms says of each format what it is, sorted by name.
func Forms() []Form {
	var forms []Form
	for _, f := range formats() {
		forms = append(forms, f.Form)
	}
	return forms
}

// ObservedFormats lists the names that Write takes for a set that was
// observed, sorted.
func ObservedFormats() []string {
	var names []string
	for _, f := range formats() {
		if f.observed {
			names = append(names, f.Name)
		}
	}
	return names
}

// FileName is what a file of the format is usually called; "" for an unknown
// one.
func FileName(format string) string {
	f, _ := lookup(format)
	return f.File
}

func lookup(name string) (format, bool) {
	for _, f := range formats() {
		if f.Name == name {
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
