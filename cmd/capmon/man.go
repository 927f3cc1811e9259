package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/help"
)

// manCommand prints the manual pages of capmon and its subcommands.
func manCommand(s streams, capmon *command.Command) *command.Command {
	type options struct{ dir string }
	fields := command.Fields[options]{
		command.String(command.Option{Name: "dir", Value: command.Value{Kind: command.Directory, Placeholder: "DIR"}, Text: "write all pages to the directory DIR"},
			func(o *options) *string { return &o.dir }),
	}
	var names []string
	for _, c := range capmon.Commands {
		if c.HasPage() {
			names = append(names, c.Word())
		}
	}
	return &command.Command{
		Name:    "capmon man",
		Summary: "print a manual page, or write all of them",
		Usage: []command.Item{
			{Term: "capmon man [COMMAND]", Text: "print the page of capmon, or of one of its commands"},
			{Term: "capmon man --dir DIR", Text: "write all pages"},
		},
		Description: `
The pages are made of the same words as --help. They are roff: to read one that
is not installed, try capmon man discover | man -l -`,
		Options: fields.Options(),
		Words:   command.OneOf("[COMMAND]", names...),
		Run: func(given command.Given) error {
			o, err := fields.Fill(given)
			switch {
			case err != nil:
				return err
			case o.dir != "" && len(given.Words) > 0:
				return exit.Usagef("--dir writes all pages: give no name with it")
			case o.dir != "":
				return writePages(o.dir, capmon)
			case len(given.Words) > 1:
				return exit.Usagef("one page at a time: try capmon man %s", given.Words[0])
			case len(given.Words) == 0:
				return printText(s, help.Page(capmon, capmon))
			}
			return printPage(s, capmon, given.Words[0])
		},
	}
}

// printPage prints the page of a command, named alone or as man(1) wants it.
func printPage(s streams, capmon *command.Command, name string) error {
	var names []string
	for _, c := range capmon.All() {
		if !c.HasPage() {
			continue
		}
		if name == c.Word() || name == c.Page() {
			return printText(s, help.Page(capmon, c))
		}
		names = append(names, c.Page())
	}
	return exit.Usagef("no manual page %q: the pages are %s", name, strings.Join(names, ", "))
}

func writePages(dir string, capmon *command.Command) error {
	for _, c := range capmon.All() {
		if !c.HasPage() {
			continue
		}
		path := filepath.Join(dir, c.Page()+".1")
		if err := os.WriteFile(path, []byte(help.Page(capmon, c)), 0o644); err != nil {
			return fmt.Errorf("write manual page: %w", err)
		}
	}
	return nil
}
