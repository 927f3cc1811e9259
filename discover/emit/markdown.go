package emit

import (
	"fmt"
	"strings"
	"time"

	"github.com/capmon/capmon/discover/controller"
)

// markdown writes a table for a reader of a pull request.
func markdown(r controller.Report) []byte {
	var p page
	if r.Verdict == controller.Observed {
		return watchedMarkdown(r)
	}
	command := inCode(shorten(shown(commandLine(r)), maxShown))
	if r.Verdict == controller.Sufficient && !narrowed(r) {
		fmt.Fprintf(&p, "**capmon** could not narrow down what %s needs: %s.\n", command, inText(r.Reason))
		return p.Bytes()
	}
	if !found(r) {
		fmt.Fprintf(&p, "**capmon** found no set of capabilities with which %s succeeds: %s.\n", command, inText(r.Reason))
		return p.Bytes()
	}
	user := inText(shorten(shown(r.User.Name), maxShown))
	if r.Capabilities == 0 {
		fmt.Fprintf(&p, "%s needs **no capability** (as %s, Linux %s).\n", command, user, inText(r.Kernel))
		p.beside(r)
		return p.Bytes()
	}
	fmt.Fprintf(&p, "%s needs these capabilities (%s; as %s, Linux %s, %d attempts):\n\n", command, r.Verdict, user, inText(r.Kernel), len(r.Runs))
	fmt.Fprint(&p, "| capability | without it | refused where |\n|---|---|---|\n")
	for _, e := range r.Evidence {
		fmt.Fprintf(&p, "| `%s` | %s | %s |\n", e.Cap, without(r, e), where(e))
	}
	if r.Verdict == controller.Sufficient {
		fmt.Fprintf(&p, "\nUnproven: %s.\n", inText(r.Reason))
	}
	p.beside(r)
	return p.Bytes()
}

// watchedMarkdown is a list, for nothing was refused.
func watchedMarkdown(r controller.Report) []byte {
	var p page
	w := r.Watched
	fmt.Fprintf(&p, "%s used these in %s since %s (**observed, not proven**: what it did not use meanwhile it may need the next day):\n\n",
		inCode(shorten(shown(w.Target), maxShown)), w.For.Round(time.Second), w.Since.Format(time.DateTime))
	for _, name := range r.Capabilities.Names() {
		fmt.Fprintf(&p, "- `%s`\n", name)
	}
	return p.Bytes()
}

// beside adds what must not be granted, and what the command went on without.
func (p *page) beside(r controller.Report) {
	for _, e := range r.MustNot {
		fmt.Fprintf(p, "\nIt must not be granted `%s`: with that it fails.\n", e.Cap)
	}
	for _, c := range r.WentOnWithout() {
		fmt.Fprintf(p, "\nIt went on without `%s` (%s).\n", c.Cap, inText(refusedCall(c)))
	}
}

func without(r controller.Report, e controller.Evidence) string {
	if n := e.FailedWithout; n > 0 && n <= len(r.Runs) {
		return inText(r.Runs[n-1].Outcome)
	}
	return "not tried"
}

func where(e controller.Evidence) string {
	if e.Check == nil {
		return "no refusal names it"
	}
	place := e.Check.Process.Comm
	if e.Check.Syscall != "" {
		place += ": " + e.Check.Syscall
	}
	if e.Check.Function != "" {
		place += ", " + e.Check.Function
	}
	return inCode(shown(place))
}

// inText keeps what a name or an outcome holds from being taken for markup.
func inText(s string) string {
	var out strings.Builder
	for _, r := range shown(s) {
		if strings.ContainsRune("\\`*_{}[]<>()#+-.!|&~", r) && r != '.' && r != '-' && r != '(' && r != ')' {
			out.WriteByte('\\')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// inCode puts text between as many backquotes as it takes, and hides the bars
// that would end the cell of a table.
func inCode(s string) string {
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	pad := ""
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		pad = " "
	}
	return fence + pad + strings.ReplaceAll(s, "|", `\|`) + pad + fence
}
