package discoveroutput

import (
	"fmt"
	"io"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/discover"
)

// Result is how a report is printed for a person.
type Result struct {
	Screen terminal.Screen
	// Notes are lines of the caller's.
	Notes []string
}

// Write prints what was found: the evidence, what is to be known besides, and
// last the answer, so that it is what stays on the screen.
func (t Result) Write(w io.Writer, r discover.Report) error {
	var b strings.Builder
	switch r.Verdict {
	case discover.NotFound:
		reason := strings.Replace(withAdvice(r), "the command", "the "+subject(r), 1)
		t.line(&b, "", terminal.Sentence(reason))
		t.writeUngranted(&b, r)
	case discover.Sufficient:
		t.writeEvidence(&b, r)
		t.line(&b, "unproven: ", withAdvice(r))
	default:
		t.writeEvidence(&b, r)
	}
	if r.Verdict != discover.NotFound {
		t.writeBesides(&b, r)
	}
	for _, note := range t.Notes {
		t.line(&b, "", note)
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	for _, line := range strings.Split(t.Screen.Hang(0, Answer(r)), "\n") {
		fmt.Fprintln(&b, t.Screen.Strong.Sprint(line))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// line writes text behind a label; what does not fit on the line stands below.
func (t Result) line(b *strings.Builder, label, text string) {
	fmt.Fprintf(b, "%s%s\n", t.Screen.Strong.Sprint(label), t.Screen.Hang(len(label), terminal.Printable(text)))
}

// writeBesides says what else there is to know of a set.
func (t Result) writeBesides(b *strings.Builder, r discover.Report) {
	for _, e := range r.MustNot {
		t.line(b, "must not have "+e.Cap.String()+"  ", fmt.Sprintf("with it the %s fails (attempt %d, %s)",
			subject(r), e.FailedWith, failure(r.Runs[e.FailedWith-1])))
	}
	for _, c := range r.WentOnWithout() {
		t.line(b, "", fmt.Sprintf("went on without %s (%s)", c.Cap, describeCall(c)))
	}
	t.writeScenarios(b, r)
	t.writeUnit(b, r)
	t.writeContainer(b, r)
	t.writeAlternatives(b, r)
	for _, exe := range r.Elevated {
		text := exe + " is set-user-ID, set-group-ID or has file capabilities; under no_new_privs that lent it nothing"
		if r.Unit != nil || r.Container != nil {
			text = "it executes " + exe + ", which is set-user-ID, set-group-ID or has file capabilities"
		}
		t.line(b, "note: ", text)
	}
	if r.NeedsRoot {
		t.line(b, "note: ", "as another user it fails even with every capability")
	}
	if r.Lost > 0 {
		t.line(b, "note: ", fmt.Sprintf("%d records of the tracer were lost; the attempts themselves are not affected", r.Lost))
	}
	if hint := emitHint(r); hint != "" {
		t.line(b, "", hint)
	}
}

// emitHint says how to get the set in the form in which it is written down.
// What is not proven is not to be written down.
func emitHint(r discover.Report) string {
	switch {
	case r.Verdict != discover.Minimal || r.Unit != nil && r.Unit.OfUser:
		return ""
	case r.Unit != nil:
		return "to print the drop-in: capmon discover --emit systemd"
	case r.Capabilities == 0:
		return ""
	case r.Container != nil && r.Container.FileCapabilities != "":
		return "to write it down: capmon discover --emit dockerfile,docker (or podman, compose, kubernetes)"
	case r.Container != nil && r.Container.Engine != "":
		return "to write it down: capmon discover --emit " + r.Container.Engine + " (or oci, compose, kubernetes)"
	case r.Container != nil:
		return "to write it down: capmon discover --emit oci (or podman, docker, compose, kubernetes)"
	case r.User.UID == 0:
		return "to write it down: capmon discover --emit systemd (or another form)"
	}
	return "to write it down: capmon discover --emit setcap,systemd (or another form)"
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
func (t Result) writeAlternatives(b *strings.Builder, r discover.Report) {
	for _, set := range r.Alternatives {
		if set != r.Capabilities {
			t.line(b, "or: ", strings.Join(set.Names(), ", "))
		}
	}
}

// writeEvidence says of each capability how it was seen that it is needed. Of a
// set that is not proven, only what ended the search early leaves proofs that
// hold.
func (t Result) writeEvidence(b *strings.Builder, r discover.Report) {
	width := 0
	for _, e := range r.Evidence {
		width = max(width, len(e.Cap.String()))
	}
	for _, e := range r.Evidence {
		if r.Verdict == discover.Sufficient && (e.FailedWithout == 0 || !r.Exhausted && !r.Interrupted) {
			continue
		}
		for i, text := range Reasons(r, e) {
			label := ""
			if i == 0 {
				label = e.Cap.String()
			}
			t.line(b, fmt.Sprintf("%-*s  ", width, label), text)
		}
	}
}

// Reasons has a line for the failure without the capability, and one
// for the check.
func Reasons(r discover.Report, e discover.Evidence) []string {
	var lines []string
	if n := e.FailedWithout; n > 0 {
		lines = append(lines, fmt.Sprintf("without it %s (attempt %d)", failure(r.Runs[n-1]), n))
	}
	if e.Check != nil {
		return append(lines, describeCheck(*e.Check))
	}
	const searched = "no refusal names it: found by searching"
	switch {
	case r.Container == nil || r.Container.Engine == "":
		return append(lines, searched)
	case r.Container.UserNamespace:
		return append(lines, searched+", since the kernel asks the container's own user namespace for it")
	}
	return append(lines, searched+"; the engine's seccomp profile may refuse the call where the capability is not granted")
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
