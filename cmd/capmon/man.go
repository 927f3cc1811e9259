package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/capmon/capmon/cmd/capmon/exit"
)

// manCommand prints the manual pages of capmon and its subcommands.
func manCommand(s streams) *cli.Command {
	return &cli.Command{
		Name:      "man",
		Usage:     "print a manual page, or write all of them",
		UsageText: "capmon man [COMMAND]  print the page of capmon, or of one of its commands\ncapmon man --dir DIR  write all pages",
		Description: "The pages are made of the same words as --help. They are roff: to read one that is not installed, " +
			"try capmon man discover | man -l -",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "dir", Usage: "write all pages to the directory `DIR`"},
		},
		Action: func(c *cli.Context) error {
			all := pages(c.App)
			if c.IsSet("dir") {
				if c.NArg() > 0 {
					return exit.Usagef("--dir writes all pages: give no name with it")
				}
				return writePages(c.String("dir"), all)
			}
			if c.NArg() > 1 {
				return exit.Usagef("one page at a time: try capmon man %s", c.Args().First())
			}
			return printPage(s.out, all, c.Args().First())
		},
	}
}

// printPage prints the page of a subcommand, named alone or as man(1) wants it.
func printPage(w io.Writer, all []page, name string) error {
	var names []string
	for _, p := range all {
		_, sub, _ := strings.Cut(p.name, " ")
		if name == sub || name == p.file() {
			if _, err := io.WriteString(w, p.roff()); err != nil {
				return fmt.Errorf("print manual page: %w", err)
			}
			return nil
		}
		names = append(names, p.file())
	}
	return exit.Usagef("no manual page %q: the pages are %s", name, strings.Join(names, ", "))
}

func writePages(dir string, all []page) error {
	for _, p := range all {
		path := filepath.Join(dir, p.file()+".1")
		if err := os.WriteFile(path, []byte(p.roff()), 0o644); err != nil {
			return fmt.Errorf("write manual page: %w", err)
		}
	}
	return nil
}
