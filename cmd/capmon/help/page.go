package help

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/terminal"
)

// Page is the manual page of one of capmon's commands, for man(7). It has no
// date: one made by the build would not be reproducible, and nobody would
// maintain one written by hand.
func Page(capmon, c *command.Command) string {
	p := &manual{marks: marksOf(c)}
	name := roffCode(c.Page())
	fmt.Fprintf(p, ".\\\" Printed by `%s`; its words are those of --help.\n", manCommand(c))
	fmt.Fprintf(p, ".TH %s 1 \"\" \"capmon\" \"User Commands\"\n", strings.ToUpper(name))
	// No gaps to make lines even.
	p.WriteString(".ad l\n")
	p.heading("NAME")
	fmt.Fprintf(p, "%s \\- %s\n", name, roffEscape(c.Summary))
	p.synopsis(c)
	p.heading("DESCRIPTION")
	for n, paragraph := range c.Paragraphs() {
		if n > 0 {
			p.WriteString(".PP\n")
		}
		p.prose(paragraph)
	}
	p.commands(c)
	p.options(c)
	p.terms("EXIT STATUS", c.Exits)
	p.terms("FILES", c.Files)
	p.terms("ENVIRONMENT", c.Environment)
	p.examples(c.Examples)
	p.seeAlso(capmon, c)
	return p.String()
}

// manual is a manual page that is being written.
type manual struct {
	strings.Builder
	marks marks
}

// heading begins a section, without hyphens in the names of things: groff turns
// them on again with each.
func (p *manual) heading(text string) { fmt.Fprintf(p, ".SH %s\n.nh\n", text) }

// prose writes running text, a sentence a line: so roff knows where they end.
func (p *manual) prose(text string) {
	for sentence := range strings.SplitSeq(sentenceEnd.ReplaceAllString(text, "$1\n$2"), "\n") {
		for _, line := range terminal.Wrap(p.marks.set(sentence), 78) {
			if strings.HasPrefix(line, ".") {
				line = `\&` + line // no request
			}
			p.WriteString(line + "\n")
		}
	}
}

var sentenceEnd = regexp.MustCompile(`([.:;]) ([A-Z])`)

func (p *manual) synopsis(c *command.Command) {
	p.heading("SYNOPSIS")
	for n, form := range c.Forms() {
		if n > 0 {
			p.WriteString(".br\n")
		}
		name := c.Name
		// capmon's own page shows its subcommands.
		for _, sub := range c.Commands {
			if strings.HasPrefix(form.Term, sub.Name) {
				name = sub.Name
			}
		}
		p.WriteString(bold(name) + p.marks.set(strings.TrimPrefix(form.Term, name)) + "\n")
	}
}

func (p *manual) terms(heading string, items []command.Item) {
	if len(items) == 0 {
		return
	}
	p.heading(heading)
	for _, i := range items {
		p.WriteString(".TP\n" + bold(i.Term) + "\n")
		p.prose(i.Text)
	}
}

func (p *manual) commands(c *command.Command) {
	var items []command.Item
	for _, sub := range c.Commands {
		see := sub.Name + " --help"
		if sub.HasPage() {
			see = sub.Page() + "(1)"
		}
		items = append(items, command.Item{Term: sub.Name, Text: sub.Summary + "; see " + see})
	}
	p.terms("COMMANDS", items)
}

func (p *manual) options(c *command.Command) {
	p.heading("OPTIONS")
	for _, o := range c.AllOptions() {
		var names []string
		for _, name := range o.Names() {
			names = append(names, bold(name))
		}
		p.WriteString(".TP\n" + strings.Join(names, ", ") + markValue(o.ValueForm()) + "\n")
		p.prose(o.Description())
	}
}

func (p *manual) examples(examples []command.Item) {
	if len(examples) == 0 {
		return
	}
	p.heading("EXAMPLES")
	for _, e := range examples {
		p.WriteString(".TP\n")
		p.prose(e.Term)
		p.WriteString(".EX\n")
		for line := range strings.Lines(e.Text) {
			p.WriteString(roffCode(strings.TrimSpace(line)) + "\n")
		}
		p.WriteString(".EE\n")
	}
}

// seeAlso names capmon's other pages, and then those of others.
func (p *manual) seeAlso(capmon, c *command.Command) {
	p.heading("SEE ALSO")
	var names []string
	for _, other := range capmon.All() {
		if other.HasPage() && other.Name != c.Name {
			names = append(names, p.marks.set(other.Page()+"(1)"))
		}
	}
	for _, name := range c.SeeAlso {
		names = append(names, p.marks.set(name))
	}
	p.WriteString(strings.Join(names, ",\n") + "\n")
}
