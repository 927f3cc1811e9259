// Package command describes capmon's commands and reads their command lines.
// What is parsed, the help, the manual pages, the completion and the tables in
// docs/guide.md all come from the one description of a command.
package command

import (
	"slices"
	"strings"
)

// Command is capmon itself or one of its subcommands.
type Command struct {
	// Name is what is typed: "capmon", "capmon discover".
	Name string
	// Aliases stand for the last word of the name.
	Aliases []string
	// Summary is one line without a full stop.
	Summary string
	// Usage has a form of the command line as each term, and as its text what
	// that does. None: the name, the options and the words.
	Usage []Item
	// Description is paragraphs with an empty line between them; the other
	// line ends in it mean nothing, as in all texts here.
	Description string
	Options     []Option
	// Words is what stands behind the options.
	Words Value

	Exits, Files, Environment []Item
	// Examples have as the term what they are for, and as the text the lines
	// that one types.
	Examples []Item
	// SeeAlso names manual pages besides capmon's own: "setcap(8)". A command
	// that has some gets a manual page.
	SeeAlso []string

	// Commands are the subcommands.
	Commands []*Command
	Run      func(Given) error
}

// Item is a term and what it means.
type Item struct{ Term, Text string }

// Word is the last word of the name.
func (c *Command) Word() string { return c.Name[strings.LastIndex(c.Name, " ")+1:] }

// HasPage says whether the command has a manual page of its own.
func (c *Command) HasPage() bool { return len(c.SeeAlso) > 0 }

// Page is the name of the manual page, without its section.
func (c *Command) Page() string { return strings.ReplaceAll(c.Name, " ", "-") }

// All are the command and its subcommands.
func (c *Command) All() []*Command { return append([]*Command{c}, c.Commands...) }

// CommandNames are what the subcommands are called by.
func (c *Command) CommandNames() []string {
	var names []string
	for _, sub := range c.Commands {
		names = append(names, sub.Word())
	}
	return names
}

// AllOptions are the options and, last, --help.
func (c *Command) AllOptions() []Option { return append(slices.Clone(c.Options), Help) }

// Find returns the subcommand that the first of args names, and the other args.
// Where none is named, it returns c itself and all args.
func (c *Command) Find(args []string) (*Command, []string) {
	if len(args) > 0 {
		for _, sub := range c.Commands {
			if sub.Word() == args[0] || slices.Contains(sub.Aliases, args[0]) {
				return sub, args[1:]
			}
		}
	}
	return c, args
}

// Forms are the usage, with the options and words where none is written.
func (c *Command) Forms() []Item {
	if len(c.Usage) > 0 {
		return c.Usage
	}
	return []Item{{Term: strings.TrimSpace(c.Name + " [options] " + c.Words.Placeholder)}}
}

// Paragraphs are those of the description, each on one line.
func (c *Command) Paragraphs() []string {
	var all []string
	for p := range strings.SplitSeq(c.Description, "\n\n") {
		if words := strings.Fields(p); len(words) > 0 {
			all = append(all, strings.Join(words, " "))
		}
	}
	if len(c.Aliases) > 0 {
		parent := strings.TrimSuffix(c.Name, c.Word())
		all = append(all, "Also: "+parent+strings.Join(c.Aliases, ", "+parent)+".")
	}
	return all
}
