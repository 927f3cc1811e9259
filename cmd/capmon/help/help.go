// Package help writes what --help prints, and the tables of options in
// docs/guide.md.
package help

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/terminal"
)

const (
	width = 79
	// maxTerm is the widest term that still has its text on the same line.
	maxTerm = 26
)

// Text is the help for the command.
func Text(c *command.Command) string {
	t := &text{}
	t.flow(terminal.Sentence(c.Summary)+".", "")
	t.section("Usage", c.Forms())
	for _, p := range c.Paragraphs() {
		t.WriteString("\n")
		t.flow(p, "")
	}
	t.section("Commands", commands(c))
	t.section("Options", options(c))
	t.section("Exit status", c.Exits)
	t.section("Files", c.Files)
	t.section("Environment", c.Environment)
	t.examples(c.Examples)
	if c.HasPage() {
		fmt.Fprintf(t, "\nManual: man %s, or %s | man -l -\n", c.Page(), manCommand(c))
	}
	return t.String()
}

// manCommand is the command that prints the manual page of c.
func manCommand(c *command.Command) string {
	capmon, sub, _ := strings.Cut(c.Name, " ")
	return strings.TrimSpace(capmon + " man " + sub)
}

func commands(c *command.Command) []command.Item {
	var items []command.Item
	for _, sub := range c.Commands {
		items = append(items, command.Item{Term: sub.Word(), Text: sub.Summary})
	}
	return items
}

// options has the long names below each other.
func options(c *command.Command) []command.Item {
	var items []command.Item
	for _, o := range c.AllOptions() {
		form := o.Form()
		if strings.HasPrefix(form, "--") {
			form = "    " + form
		}
		items = append(items, command.Item{Term: form, Text: o.Description()})
	}
	return items
}

// text is a help text that is being written.
type text struct{ strings.Builder }

// flow writes a paragraph.
func (t *text) flow(paragraph, indent string) {
	for _, line := range terminal.Wrap(paragraph, width-len(indent)) {
		t.WriteString(indent + line + "\n")
	}
}

// section writes terms in one column and what they mean in another.
func (t *text) section(heading string, items []command.Item) {
	if len(items) == 0 {
		return
	}
	t.WriteString("\n" + heading + ":\n")
	column := termColumn(items)
	for _, i := range items {
		lines := terminal.Wrap(i.Text, width-column)
		if len(lines) == 0 {
			t.WriteString("  " + i.Term + "\n")
			continue
		}
		if utf8.RuneCountInString(i.Term)+4 > column {
			t.WriteString("  " + i.Term + "\n")
		} else {
			fmt.Fprintf(t, "  %-*s%s\n", column-2, i.Term, lines[0])
			lines = lines[1:]
		}
		for _, line := range lines {
			fmt.Fprintf(t, "%*s%s\n", column, "", line)
		}
	}
}

// termColumn is where the texts begin: behind the widest term if each item then
// has one line, or else behind the widest of those that are not too wide.
func termColumn(items []command.Item) int {
	widest, all, text := 0, 0, 0
	for _, i := range items {
		n := utf8.RuneCountInString(i.Term)
		if n <= maxTerm {
			widest = max(widest, n)
		}
		all = max(all, n)
		text = max(text, utf8.RuneCountInString(i.Text))
	}
	if all+4+text <= width {
		return all + 4
	}
	if widest == 0 {
		return 8
	}
	return widest + 4
}

func (t *text) examples(examples []command.Item) {
	for n, e := range examples {
		if n == 0 {
			t.WriteString("\nExamples:\n")
		}
		t.flow(e.Term, "  ")
		for line := range strings.Lines(e.Text) {
			t.WriteString("    " + strings.TrimSpace(line) + "\n")
		}
	}
}
