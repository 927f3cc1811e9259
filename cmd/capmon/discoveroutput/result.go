package discoveroutput

import (
	"fmt"
	"io"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
)

// WriteResult prints for a human what was found.
func WriteResult(w io.Writer, r discover.Report) error {
	s := terminal.NewStyle(w)
	if r.Verdict == discover.NotFound {
		reason := strings.Replace(withAdvice(r), "the command", "the "+subject(r), 1)
		_, err := fmt.Fprintln(w, terminal.Sentence(terminal.Printable(reason)))
		return err
	}
	var b strings.Builder
	if r.Verdict == discover.Sufficient {
		writeUnproven(&b, s, r)
	} else {
		writeNeeds(&b, s, r)
	}
	for _, e := range r.MustNot {
		fmt.Fprintf(&b, "%s %s  with it the %s fails (attempt %d, %s)\n",
			s.Strong.Sprint("must not have"), s.Strong.Sprint(e.Cap), subject(r), e.FailedWith, failure(r.Runs[e.FailedWith-1]))
	}
	for _, c := range r.WentOnWithout() {
		fmt.Fprintf(&b, "went on without %s (%s)\n", c.Cap, describeCall(c))
	}
	writeScenarios(&b, r)
	writeUnit(&b, r)
	writeAlternatives(&b, r)
	for _, exe := range r.Elevated {
		if r.Unit != nil {
			fmt.Fprintf(&b, "note: it executes %s, which is set-user-ID, set-group-ID or has file capabilities\n", terminal.Printable(exe))
			continue
		}
		fmt.Fprintf(&b, "note: %s is set-user-ID, set-group-ID or has file capabilities; under no_new_privs that lent it nothing\n", terminal.Printable(exe))
	}
	if r.Lost > 0 {
		fmt.Fprintf(&b, "note: %d records of the tracer were lost; the attempts themselves are not affected\n", r.Lost)
	}
	for _, format := range []string{"setcap", "systemd"} {
		if r.Container != nil {
			continue // --emit oci, or that of an engine
		}
		if r.Unit != nil && format != "systemd" {
			continue // it is what the manager gives, not the file
		}
		if r.Verdict != discover.Minimal {
			break // what is not proven is not to be written down
		}
		if err := writeSuggestion(&b, format, r); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// subject is what was discovered.
func subject(r discover.Report) string {
	switch {
	case r.Unit != nil:
		return "service"
	case r.Container != nil:
		return "container"
	}
	return "command"
}

// writeAlternatives lists the other sets with which the command succeeds.
func writeAlternatives(b *strings.Builder, r discover.Report) {
	for _, set := range r.Alternatives {
		if set != r.Capabilities {
			fmt.Fprintf(b, "or: %s\n", strings.Join(set.Names(), ", "))
		}
	}
}

func writeNeeds(b *strings.Builder, s terminal.Style, r discover.Report) {
	if r.NeedsRoot {
		fmt.Fprintf(b, "%s  as another user it fails even with every capability\n", s.Strong.Sprint("needs to be uid 0"))
	}
	if r.Capabilities == 0 {
		fmt.Fprintln(b, s.Strong.Sprint("needs no capability:"), "the "+subject(r)+" succeeds with none")
		return
	}
	width := 0
	for _, e := range r.Evidence {
		width = max(width, len(e.Cap.String()))
	}
	for _, e := range r.Evidence {
		fmt.Fprintf(b, "%s %s  %s\n", s.Strong.Sprint("needs"), s.Strong.Sprintf("%-*s", width, e.Cap), describeEvidence(r, e))
	}
}

// writeUnproven prints a set that suffices. Only what ended the search early
// leaves proofs that hold.
func writeUnproven(b *strings.Builder, s terminal.Style, r discover.Report) {
	const most = 12
	as := ""
	if r.NeedsRoot {
		as = "as uid 0 "
	}
	switch n := r.Capabilities.Len(); {
	case n == 0:
		fmt.Fprintf(b, "%s %swith no capability\n", s.Strong.Sprint("succeeded"), as)
	case n > most:
		fmt.Fprintf(b, "%s %swith %d capabilities; that could not be narrowed\n", s.Strong.Sprint("succeeded"), as, n)
	default:
		fmt.Fprintf(b, "%s %swith %s; that could not be narrowed\n", s.Strong.Sprint("succeeded"), as, strings.Join(r.Capabilities.Names(), ", "))
	}
	fmt.Fprintf(b, "%s %s\n", s.Strong.Sprint("unproven:"), terminal.Printable(withAdvice(r)))
	for _, e := range r.Evidence {
		if e.FailedWithout > 0 && (r.Exhausted || r.Interrupted) {
			fmt.Fprintf(b, "%s  %s\n", e.Cap, describeEvidence(r, e))
		}
	}
}

func describeEvidence(r discover.Report, e discover.Evidence) string {
	var parts []string
	if n := e.FailedWithout; n > 0 {
		parts = append(parts, fmt.Sprintf("without it the %s fails (attempt %d, %s)", subject(r), n, failure(r.Runs[n-1])))
	}
	if e.Check != nil {
		parts = append(parts, describeCheck(*e.Check))
	} else {
		parts = append(parts, "no refusal names it: found by searching")
	}
	return strings.Join(parts, "; ")
}

// failure says how an attempt ended, with the command's last words.
func failure(a discover.Attempt) string {
	const most = 100
	lines := strings.Split(strings.TrimSpace(a.Output), "\n")
	last := terminal.Printable(strings.TrimSpace(lines[len(lines)-1]))
	if last == "" {
		return a.Outcome
	}
	if runes := []rune(last); len(runes) > most {
		last = string(runes[:most]) + "..."
	}
	return fmt.Sprintf("%s: %s", a.Outcome, last)
}

// writeSuggestion prints one emitted form, indented below its name.
func writeSuggestion(b *strings.Builder, format string, r discover.Report) error {
	var text strings.Builder
	if err := emit.Write(&text, format, r); err != nil {
		return err
	}
	fmt.Fprintf(b, "\n%s:\n", format)
	for line := range strings.Lines(text.String()) {
		fmt.Fprintf(b, "  %s", line)
	}
	return nil
}
