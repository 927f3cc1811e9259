package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/explainoutput"
)

func explainCommand(s streams) *command.Command {
	return &command.Command{
		Name:    "capmon explain",
		Summary: "say what a capability allows, how near it is to root, and what asks for it",
		Usage: []command.Item{
			{Term: "capmon explain", Text: "a line for each capability"},
			{Term: "capmon explain CAP|COMMAND...", Text: "a capability, or those that a command was found to need"},
			{Term: "capmon explain -", Text: "the names on standard input"},
		},
		Description: `
Reads nothing but what is built in. A COMMAND is one of the programs of
docs/corpus.md, such as nginx.`,
		Words:   command.Value{Kind: command.Capabilities, Placeholder: "CAP|COMMAND..."},
		Exits:   []command.Item{{Term: "0", Text: "explained"}, {Term: "2", Text: "wrong usage, or nothing is known of the name"}},
		SeeAlso: []string{"capabilities(7)"},
		Run:     func(given command.Given) error { return runExplain(s, given.Words) },
	}
}

func runExplain(s streams, names []string) error {
	if len(names) == 0 {
		return explainoutput.WriteTable(s.out)
	}
	if len(names) == 1 && names[0] == "-" {
		var err error
		if names, err = namesFrom(s); err != nil {
			return err
		}
	}
	wanted, err := explained(names)
	if err != nil {
		return err
	}
	for i, c := range wanted {
		if i > 0 {
			fmt.Fprintln(s.out)
		}
		if err := explainoutput.Write(s.out, c); err != nil {
			return fmt.Errorf("write standard output: %w", err)
		}
	}
	return nil
}

// namesFrom are the words on standard input.
func namesFrom(s streams) ([]string, error) {
	var names []string
	scanner := bufio.NewScanner(s.in)
	for scanner.Scan() {
		names = append(names, strings.FieldsFunc(scanner.Text(), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })...)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	if len(names) == 0 {
		return nil, exit.Usagef("no name stands on standard input")
	}
	return names, nil
}

// explained are the capabilities that the names mean, each once.
func explained(names []string) ([]caps.Cap, error) {
	programs, err := explainoutput.Programs()
	if err != nil {
		return nil, err
	}
	var set caps.Set
	for _, name := range names {
		if parsed, err := caps.ParseSet(name); err == nil {
			set |= parsed
			continue
		}
		needed := caps.Set(0)
		for capability, of := range programs {
			for _, program := range of {
				if program == name {
					c, err := caps.Parse(capability)
					if err != nil {
						return nil, err
					}
					needed = needed.With(c)
				}
			}
		}
		if needed == 0 {
			_, err := caps.Parse(name)
			if err != nil && strings.Contains(err.Error(), "did you mean") {
				return nil, exit.Usagef("%v", err)
			}
			return nil, exit.Usagef("%v, and no program of that name is in docs/corpus.md: try capmon discover '%s'", err, name)
		}
		set |= needed
	}
	return set.Members(), nil
}
