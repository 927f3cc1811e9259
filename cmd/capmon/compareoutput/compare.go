// Package compareoutput tells a person in what reports differ, and what they
// need together.
package compareoutput

import (
	"fmt"
	"io"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/compare"
)

// WriteDiff prints what b needs more and less than a, and what may be why.
func WriteDiff(w io.Writer, a, b discover.Report) error {
	changes := compare.Diff(a, b)
	var text strings.Builder
	for _, c := range changes {
		sign := "-"
		if c.Added {
			sign = "+"
		}
		fmt.Fprintf(&text, "%s %s%s\n", sign, c.Cap, because(c))
	}
	for _, line := range compare.Conditions(a, b) {
		fmt.Fprintf(&text, "# %s\n", terminal.Printable(line))
	}
	if len(changes) == 0 {
		fmt.Fprintf(&text, "the same set: %s\n", setOrNothing(a.Capabilities))
	}
	if _, err := io.WriteString(w, text.String()); err != nil {
		return fmt.Errorf("write standard output: %w", err)
	}
	return nil
}

// because says in which call a capability was refused.
func because(c compare.Change) string {
	if c.Check == nil {
		return ""
	}
	return ": " + terminal.Printable(c.Check.Where())
}

func setOrNothing(s caps.Set) string {
	if s == 0 {
		return "no capability"
	}
	return strings.Join(s.Names(), ", ")
}

// WriteMatrix prints a line for each capability, a column for each report.
func WriteMatrix(b *strings.Builder, m compare.Merged, reports []discover.Report, files []string) {
	const width = 22 // the longest name is CAP_CHECKPOINT_RESTORE
	for i, file := range files {
		fmt.Fprintf(b, "%d  %s\n", i+1, terminal.Printable(file+": "+described(reports[i])))
	}
	fmt.Fprintf(b, "\n%-*s", width, "")
	for i := range files {
		fmt.Fprintf(b, " %3d", i+1)
	}
	b.WriteByte('\n')
	for _, c := range m.Capabilities.Members() {
		fmt.Fprintf(b, "%-*s", width, c)
		for _, r := range reports {
			mark := "."
			if r.Capabilities.Has(c) {
				mark = "x"
			}
			fmt.Fprintf(b, " %3s", mark)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(b, "\ntogether: %s\n", setOrNothing(m.Capabilities))
	for _, conflict := range m.Conflicts {
		fmt.Fprintf(b, "note: %s\n", terminal.Printable(conflict))
	}
}

// described names what was discovered.
func described(r discover.Report) string {
	if r.Unit != nil {
		return r.Unit.Name
	}
	if r.Container != nil && r.Container.Image != "" {
		return "image " + r.Container.Image
	}
	return strings.Join(r.Command, " ")
}
