package main

import (
	"fmt"
	"regexp"
	"strings"
)

// roff is the manual page for man(7). It has no date: a build could not repeat
// its own, and nobody would keep up one written by hand.
func (p page) roff() string {
	r := &roffText{marks: p.marks()}
	name := roffCode(p.file())
	fmt.Fprintf(r, ".\\\" Printed by `%s`; its words are those of --help.\n", p.printed())
	fmt.Fprintf(r, ".TH %s 1 \"\" \"capmon\" \"User Commands\"\n", strings.ToUpper(name))
	// No gaps to make lines even.
	r.WriteString(".ad l\n")
	r.heading("NAME")
	fmt.Fprintf(r, "%s \\- %s\n", name, roffEscape(p.summary))
	r.synopsis(p)
	r.heading("DESCRIPTION")
	for n, text := range p.description {
		if n > 0 {
			r.WriteString(".PP\n")
		}
		r.prose(text)
	}
	r.commands(p)
	r.options(p.options)
	r.terms("EXIT STATUS", p.exits)
	r.terms("FILES", p.files)
	r.terms("ENVIRONMENT", p.environment)
	r.examples(p.examples)
	r.pages(p.seeAlso)
	return r.String()
}

// roffText is a manual page that is being written.
type roffText struct {
	strings.Builder
	marks marks
}

// heading begins a section, without hyphens in the names of things: groff turns
// them on again with each.
func (r *roffText) heading(text string) { fmt.Fprintf(r, ".SH %s\n.nh\n", text) }

// prose writes running text, a sentence a line: so roff knows where they end.
func (r *roffText) prose(text string) {
	for sentence := range strings.SplitSeq(sentenceEnd.ReplaceAllString(text, "$1\n$2"), "\n") {
		for _, line := range wrap(r.marks.set(sentence), 78) {
			if strings.HasPrefix(line, ".") {
				line = `\&` + line // no request
			}
			r.WriteString(line + "\n")
		}
	}
}

var sentenceEnd = regexp.MustCompile(`([.:;]) ([A-Z])`)

func (r *roffText) synopsis(p page) {
	r.heading("SYNOPSIS")
	for n, form := range p.usage {
		if n > 0 {
			r.WriteString(".br\n")
		}
		rest := strings.TrimPrefix(form.term, p.name)
		words := p.name
		// capmon's own page shows its subcommands.
		for _, c := range p.commands {
			if after, ok := strings.CutPrefix(rest, " "+c.term); ok {
				words, rest = words+" "+c.term, after
			}
		}
		r.WriteString(bold(words) + r.marks.set(rest) + "\n")
	}
}

func (r *roffText) terms(heading string, items []item) {
	if len(items) == 0 {
		return
	}
	r.heading(heading)
	for _, i := range items {
		r.WriteString(".TP\n" + bold(i.term) + "\n")
		r.prose(i.text)
	}
}

func (r *roffText) commands(p page) {
	var items []item
	for _, c := range p.commands {
		text := c.text + "; see " + p.name + " " + c.term + " --help"
		if _, ok := manualOf(c.term); ok {
			text = c.text + "; see " + p.name + "-" + c.term + "(1)"
		}
		items = append(items, item{p.name + " " + c.term, text})
	}
	r.terms("COMMANDS", items)
}

func (r *roffText) options(options []option) {
	r.heading("OPTIONS")
	for _, o := range options {
		var names []string
		for _, name := range o.names {
			names = append(names, bold(name))
		}
		r.WriteString(".TP\n" + strings.Join(names, ", ") + markValue(o.valueForm()) + "\n")
		text := o.text
		if o.repeated {
			text += "; may be repeated"
		}
		r.prose(text)
	}
}

func (r *roffText) examples(examples []item) {
	if len(examples) == 0 {
		return
	}
	r.heading("EXAMPLES")
	for _, e := range examples {
		r.WriteString(".TP\n")
		r.prose(e.term)
		r.WriteString(".EX\n")
		for line := range strings.Lines(e.text) {
			r.WriteString(roffCode(strings.TrimSpace(line)) + "\n")
		}
		r.WriteString(".EE\n")
	}
}

func (r *roffText) pages(names []string) {
	if len(names) == 0 {
		return
	}
	r.heading("SEE ALSO")
	for n, name := range names {
		comma := ","
		if n == len(names)-1 {
			comma = ""
		}
		r.WriteString(r.marks.set(name) + comma + "\n")
	}
}
