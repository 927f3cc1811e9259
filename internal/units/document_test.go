package units

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/emit"
	"github.com/capmon/capmon/internal/testenv"
)

// row is a line of docs/units.md.
type row struct {
	Case
	report        controller.Report
	before, after string
}

func newRow(t *testing.T, c Case, r controller.Report) row {
	t.Helper()
	var dropIn bytes.Buffer
	testenv.Must(t, emit.Write(&dropIn, "systemd", r))
	return row{c, r, exposure(t, r, ""), exposure(t, r, dropIn.String())}
}

var level = regexp.MustCompile(`Overall exposure level for [^:]*: ([0-9.]+)`)

// exposure is what systemd-analyze security says of the unit with a drop-in.
func exposure(t *testing.T, r controller.Report, dropIn string) string {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		return ""
	}
	dir := t.TempDir()
	text, err := os.ReadFile(r.Unit.File)
	testenv.Must(t, err)
	file := filepath.Join(dir, r.Unit.Name)
	testenv.Must(t, os.WriteFile(file, text, 0o644))
	testenv.Must(t, os.Mkdir(file+".d", 0o755))
	testenv.Must(t, os.WriteFile(filepath.Join(file+".d", "50-capmon.conf"), []byte(dropIn), 0o644))
	out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", file).CombinedOutput()
	m := level.FindSubmatch(out)
	if m == nil {
		t.Fatalf("systemd-analyze security: %v\n%s", err, out)
	}
	return string(m[1])
}

// document is docs/units.md.
func document(rows []row) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Services that Debian ships, and what they need

Written by `+"`make units`"+`, on Linux %s, from the units that Debian 12 ships. Each service was started by its unit, used by a
client, reloaded and stopped, in a sandbox with a network of its own (`+"`capmon discover --sandbox=net --unit NAME --exercise CMD`"+`).
`+"`scripts/unitstest.sh`"+` runs them by systemd in a virtual machine: there a later start can need less, since the first has left something behind.
Each set was compared with a search by brute force, which looks at no check, and is inside what the unit itself allows.
*Exposure* is what `+"`systemd-analyze security`"+` says of the unit before and after, from 10 (unsafe) to 0.

A set holds for the configuration and the use that are named here. `+"`internal/units/case.go`"+` has the clients.

| service | today | needed | start | serve | reload | stop | exposure |
|---|---|---|---|---|---|---|---|
`, rows[0].report.Kernel)
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s → %s |\n", r.Unit, r.today(), short(r.report.Capabilities), r.scenarios(), r.before, r.after)
	}
	for _, r := range rows {
		if r.Note != "" {
			fmt.Fprintf(&b, "\n- **%s**: %s", r.Unit, r.Note)
		}
		if r.Why != "" {
			fmt.Fprintf(&b, "\n- **%s**: %s was left out: %s.", r.Unit, r.Skip, r.Why)
		}
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// today is what the unit gives.
func (r row) today() string {
	u := r.report.Unit
	switch {
	case r.report.User.UID == 0 && !u.Limited:
		return "root, all"
	case r.report.User.UID == 0:
		return fmt.Sprintf("root, %d", u.Bounding.Len())
	}
	return r.report.User.Name + ", " + short(u.Ambient)
}

// scenarios are the cells of what each scenario needs.
func (r row) scenarios() string {
	needs := map[controller.Scenario]string{}
	for _, s := range r.report.Scenarios {
		needs[s.Scenario] = short(s.Needed)
	}
	var cells []string
	for _, s := range []controller.Scenario{controller.Start, controller.Serve, controller.Reload, controller.Stop} {
		cell, tried := needs[s]
		if !tried {
			cell = "–"
		}
		cells = append(cells, cell)
	}
	return strings.Join(cells, " | ")
}

func short(set caps.Set) string {
	if set == 0 {
		return "nothing"
	}
	return strings.ReplaceAll(strings.Join(set.Names(), ", "), "CAP_", "")
}
