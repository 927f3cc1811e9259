package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// page is what --help and the manual page of one command say. Both are written
// from it, so that neither can say what the other does not.
type page struct {
	name        string // as it is called: "capmon discover"
	summary     string
	usage       []item // forms, and what each does
	description []string
	commands    []item
	options     []option
	manual
	hasPage bool // of its own, for man(1)
}

// item is a term and what it means.
type item struct{ term, text string }

// option is one option of a command.
type option struct {
	names    []string // with their dashes, short ones first
	value    string   // what stands for the value; "" when it takes none
	optional bool     // the value may be left out, and stands behind a "="
	repeated bool
	text     string
}

// pages are those of capmon and of the subcommands that have a manual, capmon
// first. Each names the others.
func pages(app *cli.App) []page {
	all := []page{appPage(app)}
	for _, c := range app.Commands {
		if p := commandPage(app, c); p.hasPage {
			all = append(all, p)
		}
	}
	for i := range all {
		var others []string
		for j, p := range all {
			if i != j {
				others = append(others, p.file()+"(1)")
			}
		}
		all[i].seeAlso = append(others, all[i].seeAlso...)
	}
	return all
}

func appPage(app *cli.App) page {
	p := page{
		name: app.Name, summary: app.Usage,
		usage:       usageItems(app.UsageText),
		description: paragraphs(app.Description),
		options:     options(app.Flags),
	}
	p.manual, p.hasPage = manualOf(app.Name)
	for _, c := range app.Commands {
		if !c.Hidden {
			p.commands = append(p.commands, item{c.Name, c.Usage})
		}
	}
	return p
}

func commandPage(app *cli.App, c *cli.Command) page {
	p := page{
		name: app.Name + " " + c.Name, summary: c.Usage,
		usage:       usageItems(c.UsageText),
		description: paragraphs(c.Description),
		options:     options(c.Flags),
	}
	if len(p.usage) == 0 {
		p.usage = []item{{term: strings.TrimSpace(p.name + " [options] " + c.ArgsUsage)}}
	}
	if len(c.Aliases) > 0 {
		also := app.Name + " " + strings.Join(c.Aliases, " or "+app.Name+" ")
		p.description = append(p.description, "May also be called as "+also+".")
	}
	p.manual, p.hasPage = manualOf(c.Name)
	return p
}

// file is the name of the page's file, without the section: what man(1) is
// asked for.
func (p page) file() string { return strings.ReplaceAll(p.name, " ", "-") }

// usageItems splits lines into a form and, behind two blanks, what it does.
func usageItems(text string) []item {
	var items []item
	for line := range strings.Lines(text) {
		form, does, _ := strings.Cut(strings.TrimSpace(line), "  ")
		items = append(items, item{form, strings.TrimSpace(does)})
	}
	return items
}

// paragraphs splits a description at its empty lines; the other line ends in
// it mean nothing.
func paragraphs(text string) []string {
	var all []string
	for p := range strings.SplitSeq(text, "\n\n") {
		if words := strings.Fields(p); len(words) > 0 {
			all = append(all, strings.Join(words, " "))
		}
	}
	return all
}

// options are the visible flags and, last, --help, which the flag library adds
// when it runs.
func options(flags []cli.Flag) []option {
	var all []option
	for _, f := range flags {
		if v, ok := f.(cli.VisibleFlag); ok && v.IsVisible() && f.Names()[0] != "help" {
			all = append(all, newOption(f))
		}
	}
	return append(all, option{names: []string{"-h", "--help"}, text: "show this help"})
}

func newOption(f cli.Flag) option {
	o := option{}
	for _, name := range f.Names() {
		o.names = append(o.names, dashed(name))
	}
	slices.SortStableFunc(o.names, func(a, b string) int { return len(a) - len(b) })
	if m, ok := f.(cli.DocGenerationSliceFlag); ok {
		o.repeated = m.IsSliceFlag()
	}
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return o
	}
	o.value, o.text = placeholder(d.GetUsage())
	o.optional = valueIsOptional(f)
	switch {
	case !d.TakesValue():
		o.value = ""
	case o.value == "":
		o.value = "VALUE"
	}
	if value := defaultValue(d); value != "" {
		o.text += " (default: " + value + ")"
	}
	return o
}

// placeholder takes the word in backquotes out of a flag's usage.
func placeholder(usage string) (word, plain string) {
	before, rest, ok := strings.Cut(usage, "`")
	if !ok {
		return "", usage
	}
	word, after, _ := strings.Cut(rest, "`")
	return word, before + word + after
}

// defaultValue is what the flag is without being given, "" when that is to
// have no effect.
func defaultValue(d cli.DocGenerationFlag) string {
	if !d.TakesValue() {
		return ""
	}
	value := d.GetValue()
	if value == "0s" {
		return ""
	}
	// 1m0s, as time.Duration has it.
	if strings.HasSuffix(value, "m0s") {
		return strings.TrimSuffix(value, "0s")
	}
	return value
}

// forms are the names with the value behind the last: "-o FILE".
func (o option) forms() string {
	return strings.Join(o.names, ", ") + o.valueForm()
}

func (o option) valueForm() string {
	switch {
	case o.value == "":
		return ""
	case o.optional:
		return "[=" + o.value + "]"
	}
	return " " + o.value
}
