package main

import (
	_ "embed"
	"fmt"
	"strings"
)

// bashFunctions are the part of the script that no option changes.
//
//go:embed completion.bash
var bashFunctions string

func bashCompletion(commands []completed) string {
	b := &strings.Builder{}
	b.WriteString(bashFunctions)
	fmt.Fprintf(b, "_capmon_capabilities='%s'\n", strings.Join(capabilityNames(), " "))
	fmt.Fprintf(b, "_capmon_commands='%s'\n", strings.Join(commandNames(commands), " "))
	bashCommand(b, commands)
	bashOptions(b, commands)
	bashValues(b, commands)
	bashPositional(b, commands)
	return b.String()
}

func commandNames(commands []completed) []string {
	var names []string
	for _, c := range commands[1:] {
		names = append(names, c.name)
	}
	return names
}

// bashCommand writes what knows a subcommand by its names.
func bashCommand(b *strings.Builder, commands []completed) {
	b.WriteString("\n_capmon_command() {\n\tcase $1 in\n")
	for _, c := range commands[1:] {
		names := append([]string{c.name}, c.aliases...)
		fmt.Fprintf(b, "\t%s) command='%s' ;;\n", strings.Join(names, " | "), c.name)
	}
	b.WriteString("\t*) return 1 ;;\n\tesac\n}\n")
}

func bashOptions(b *strings.Builder, commands []completed) {
	b.WriteString("\n_capmon_options() {\n\tcase $1 in\n")
	for _, c := range commands {
		var names []string
		for _, o := range c.options {
			names = append(names, o.names...)
		}
		fmt.Fprintf(b, "\t'%s') echo '%s' ;;\n", c.name, strings.Join(names, " "))
	}
	b.WriteString("\tesac\n}\n")
}

// bashValues writes what says whether the word behind an option is its value,
// and of which kind. A value that may be left out stands behind a "=" only.
func bashValues(b *strings.Builder, commands []completed) {
	b.WriteString("\n_capmon_value() {\n\tvalue='' choices=''\n\tcase $1:$2${3-} in\n")
	for _, c := range commands {
		for _, o := range c.options {
			if o.value.kind == nothing {
				continue
			}
			var patterns []string
			for _, name := range o.names {
				patterns = append(patterns, c.name+":"+name+"=")
				if !o.optional {
					patterns = append(patterns, c.name+":"+name)
				}
			}
			fmt.Fprintf(b, "\t%s) %s ;;\n", strings.Join(patterns, " | "), bashAssign(o.value))
		}
	}
	b.WriteString("\t*) return 1 ;;\n\tesac\n}\n")
}

func bashPositional(b *strings.Builder, commands []completed) {
	b.WriteString("\n_capmon_positional_value() {\n\tcase $1 in\n")
	for _, c := range commands {
		fmt.Fprintf(b, "\t'%s') %s ;;\n", c.name, bashAssign(c.words))
	}
	b.WriteString("\tesac\n}\n")
}

func bashAssign(v value) string {
	assign := "value='" + string(v.kind) + "'"
	if len(v.choices) > 0 {
		assign += fmt.Sprintf(" choices='%s'", strings.Join(v.choices, " "))
	}
	return assign
}
