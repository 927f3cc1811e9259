package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

const (
	helpWidth = 79
	// maxTerm is the widest term that still has its text on the same line.
	maxTerm = 26
)

// describe gives capmon and its subcommands the help that their manual pages
// are made of too.
func describe(app *cli.App) {
	app.CustomAppHelpTemplate = literal(appPage(app).help())
	for _, c := range app.Commands {
		c.CustomHelpTemplate = literal(commandPage(app, c).help())
	}
}

// literal is the template that prints text.
func literal(text string) string { return "{{" + strconv.Quote(text) + "}}" }

// help is the text for --help.
func (p page) help() string {
	h := &helpText{}
	h.flow(strings.ToUpper(p.summary[:1])+p.summary[1:]+".", "")
	h.section("Usage", p.usage)
	for _, text := range p.description {
		h.WriteString("\n")
		h.flow(text, "")
	}
	h.section("Commands", p.commands)
	h.section("Options", p.optionItems())
	h.section("Exit status", p.exits)
	h.section("Files", p.files)
	h.section("Environment", p.environment)
	h.examples(p.examples)
	if p.hasPage {
		fmt.Fprintf(h, "\nManual: man %s, or %s | man -l -\n", p.file(), p.printed())
	}
	return h.String()
}

// printed is the command that prints the manual page.
func (p page) printed() string {
	command, sub, _ := strings.Cut(p.name, " ")
	return strings.TrimSpace(command + " man " + sub)
}

// optionItems are the options with the long names below each other.
func (p page) optionItems() []item {
	var items []item
	for _, o := range p.options {
		forms := o.forms()
		if strings.HasPrefix(forms, "--") {
			forms = "    " + forms
		}
		items = append(items, item{forms, o.text})
	}
	return items
}

type helpText struct{ strings.Builder }

// flow writes a paragraph.
func (h *helpText) flow(text, indent string) {
	for _, line := range wrap(text, helpWidth-len(indent)) {
		h.WriteString(indent + line + "\n")
	}
}

// section writes terms in one column and what they mean in another.
func (h *helpText) section(heading string, items []item) {
	if len(items) == 0 {
		return
	}
	h.WriteString("\n" + heading + ":\n")
	column := termColumn(items)
	for _, i := range items {
		lines := wrap(i.text, helpWidth-column)
		if len(lines) == 0 {
			h.WriteString("  " + i.term + "\n")
			continue
		}
		if utf8.RuneCountInString(i.term)+4 > column {
			h.WriteString("  " + i.term + "\n")
		} else {
			fmt.Fprintf(h, "  %-*s%s\n", column-2, i.term, lines[0])
			lines = lines[1:]
		}
		for _, line := range lines {
			fmt.Fprintf(h, "%*s%s\n", column, "", line)
		}
	}
}

// termColumn is where the texts begin: behind the widest term if then each item
// has one line, or else the widest of those that are not too wide.
func termColumn(items []item) int {
	widest, all, text := 0, 0, 0
	for _, i := range items {
		n := utf8.RuneCountInString(i.term)
		if n <= maxTerm {
			widest = max(widest, n)
		}
		all = max(all, n)
		text = max(text, utf8.RuneCountInString(i.text))
	}
	if all+4+text <= helpWidth {
		return all + 4
	}
	if widest == 0 {
		return 8
	}
	return widest + 4
}

func (h *helpText) examples(examples []item) {
	for n, e := range examples {
		if n == 0 {
			h.WriteString("\nExamples:\n")
		}
		h.flow(e.term, "  ")
		for line := range strings.Lines(e.text) {
			h.WriteString("    " + strings.TrimSpace(line) + "\n")
		}
	}
}
