package emit

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"al.essio.dev/pkg/shellescape"

	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace"
)

// maxShown is how much of a command a comment repeats, in bytes: a unit file
// must keep every line under 2,048.
const maxShown = 400

// page collects the lines of one output. Shell and unit files have the same
// comments: lines that begin with #.
type page struct{ bytes.Buffer }

// comment adds one comment line. Whatever the arguments hold, it stays one
// line: what cannot be printed is replaced, and it never ends in a backslash,
// which some readers of unit files take for "continued".
func (p *page) comment(format string, args ...any) {
	text := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, fmt.Sprintf(format, args...))
	if strings.HasSuffix(text, `\`) {
		text += "."
	}
	fmt.Fprintf(p, "# %s\n", text)
}

// header says which command the page is for and how much is known. It
// returns false when there is no set to write down.
func (p *page) header(r controller.Report) bool {
	if r.Verdict == controller.Observed {
		p.watched(r)
		return true
	}
	p.comment("capmon discover: %s", shorten(shown(commandLine(r)), maxShown))
	because := ""
	if r.Reason != "" {
		because = ": " + shorten(shown(r.Reason), maxShown)
	}
	switch r.Verdict {
	case controller.Minimal, controller.Sufficient:
	default:
		p.comment("No set of capabilities was found under which it succeeds%s.", because)
		if r.Refused != 0 {
			p.comment("It was refused %s.", r.Refused)
		}
		if r.Unheld != 0 {
			p.comment("It was refused %s, which capmon does not hold.", r.Unheld)
		}
		return false
	}
	user := shorten(shown(r.User.Name), maxShown)
	if !narrowed(r) {
		p.comment("As %s it succeeded with %d capabilities, and that could not be narrowed%s.", user, r.Capabilities.Len(), because)
		return false
	}
	switch {
	case r.Capabilities == 0:
		p.comment("It succeeds as %s without any capability.", user)
	case r.Verdict == controller.Minimal:
		p.comment("Minimal: as %s it succeeds with these capabilities and fails without any one of them.", user)
	default:
		p.comment("Sufficient, unproven: as %s it succeeds with these capabilities, and may not need all of them%s.", user, because)
	}
	if r.NeedsRoot {
		p.comment("It needs to be uid 0: as another user it fails even with every capability.")
	}
	for _, e := range r.MustNot {
		p.comment("It must not be granted %s: with that it fails.", e.Cap)
	}
	for _, c := range r.WentOnWithout() {
		p.comment("It went on without %s (%s).", c.Cap, refusedCall(c))
	}
	for _, set := range r.Alternatives {
		if set != r.Capabilities {
			p.comment("It would also succeed with %s instead.", set)
		}
	}
	return true
}

// watched is the header of a set that was observed.
func (p *page) watched(r controller.Report) {
	w := r.Watched
	p.comment("capmon observe: %s", shorten(shown(w.Target), maxShown))
	p.comment("Observed, not proven: this is what it used in %s since %s.", w.For.Round(time.Second), w.Since.Format(time.DateTime))
	p.comment("What it did not use meanwhile it may need the next day; capmon discover proves.")
	if r.Lost > 0 {
		p.comment("%d records were lost: it may have used more.", r.Lost)
	}
}

// narrowed says whether anything shows that some of the set is needed. What is
// not narrowed at all is everything that was granted, and no answer.
func narrowed(r controller.Report) bool {
	return r.Verdict == controller.Minimal || r.Capabilities == 0 || r.Watched != nil ||
		slices.ContainsFunc(r.Evidence, func(e controller.Evidence) bool { return e.FailedWithout > 0 })
}

// refusedCall says who was refused, in which system call, what that said, and of what.
func refusedCall(c trace.Check) string {
	c.Process.Comm = shorten(shown(c.Process.Comm), maxShown)
	c.Argument = shorten(shown(c.Argument), maxShown)
	return c.Where()
}

// commandLine is what to type to run the command of r, or to discover the unit.
func commandLine(r controller.Report) string {
	if r.Container != nil && r.Container.Image != "" {
		words := append([]string{"--" + r.Container.Engine, r.Container.Image}, r.Given.Arguments...)
		return shellescape.QuoteCommand(words)
	}
	if r.Container != nil {
		return "--bundle " + shellescape.Quote(r.Container.Bundle)
	}
	if r.Unit != nil {
		return "--unit " + shellescape.Quote(r.Unit.Name)
	}
	if len(r.Command) == 1 {
		return "/bin/sh -c " + shellescape.Quote(r.Command[0])
	}
	return shellescape.QuoteCommand(r.Command)
}

// shown returns s as it is when it prints as itself on one line, and as a Go
// string literal otherwise.
func shown(s string) string {
	if plain(s) {
		return s
	}
	return strconv.Quote(s)
}

// plain says that every byte of s is seen on the screen. A replacement
// character counts as lost text: reading JSON puts it where s was no UTF-8.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsPrint(r) || r == unicode.ReplacementChar
	})
}

// shorten cuts s to at most limit bytes, and says so.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "… (shortened)"
}
