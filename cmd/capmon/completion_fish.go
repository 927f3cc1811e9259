package main

import (
	_ "embed"
	"fmt"
	"strings"
)

// fishFunctions are the part of the script that no option changes.
//
//go:embed completion.fish
var fishFunctions string

func fishCompletion(commands []completed) string {
	b := &strings.Builder{}
	b.WriteString(fishFunctions)
	fmt.Fprintf(b, "function __capmon_capabilities\n    printf '%%s\\n' %s\nend\n", strings.Join(capabilityNames(), " "))
	fishNames(b, commands)
	fishOptionsWithValue(b, commands)
	b.WriteString("\n")
	for _, c := range commands[1:] {
		fmt.Fprintf(b, "complete -c capmon -n __capmon_is_second -a %s -d %s\n", c.name, fishQuoted(c.summary))
	}
	for _, c := range commands {
		fishCommand(b, c)
	}
	return b.String()
}

// fishNames writes what knows a subcommand by its names.
func fishNames(b *strings.Builder, commands []completed) {
	b.WriteString("\nfunction __capmon_command_named\n    switch $argv[1]\n")
	for _, c := range commands[1:] {
		names := append([]string{c.name}, c.aliases...)
		fmt.Fprintf(b, "        case %s\n            echo %s\n", strings.Join(names, " "), c.name)
	}
	b.WriteString("    end\nend\n")
}

// fishOptionsWithValue writes what lists the options whose value is the next
// word.
func fishOptionsWithValue(b *strings.Builder, commands []completed) {
	b.WriteString("\nfunction __capmon_options_with_value\n    switch $argv[1]\n")
	for _, c := range commands {
		var names []string
		for _, o := range c.options {
			if o.value.kind != nothing && !o.optional {
				names = append(names, o.names...)
			}
		}
		if names != nil {
			fmt.Fprintf(b, "        case '%s'\n            printf '%%s\\n' %s\n", c.name, strings.Join(names, " "))
		}
	}
	b.WriteString("    end\nend\n")
}

func fishCommand(b *strings.Builder, c completed) {
	start := fmt.Sprintf("complete -c capmon -n %s", fishQuoted("__capmon_is '"+c.name+"'"))
	fmt.Fprintf(b, "\n%s%s\n", start, fishValue(c.words))
	for _, o := range c.options {
		b.WriteString(start)
		for _, name := range o.names {
			if long, ok := strings.CutPrefix(name, "--"); ok {
				b.WriteString(" -l " + long)
			} else {
				b.WriteString(" -s " + strings.TrimPrefix(name, "-"))
			}
		}
		switch {
		case o.value.kind == nothing || o.optional:
		case o.value.kind == file:
			b.WriteString(" -r")
		default:
			b.WriteString(" -x")
		}
		fmt.Fprintf(b, "%s -d %s\n", fishValue(o.value), fishQuoted(o.text))
	}
}

// fishValue is what completes a value.
func fishValue(v value) string {
	choices := strings.Join(v.choices, " ")
	switch v.kind {
	case nothing, anything:
		return ""
	case choice:
		return " -a " + fishQuoted(choices)
	case list:
		choices = "__capmon_list " + choices
	case capabilities:
		choices = "__capmon_capability"
	case file:
		return " -F"
	case directory:
		choices = "__fish_complete_directories"
	case cgroupPath:
		choices = "__capmon_cgroup"
	case userName:
		choices = "__fish_complete_users"
	case userAndGroup:
		choices = "__capmon_user_group"
	case process:
		choices = "__fish_complete_pids"
	case processName:
		choices = "__capmon_process"
	case shellCommand:
		choices = `complete -C "$(commandline -ct | string replace -r "^-[^=]*=" "")"`
	case commandLine:
		choices = "__capmon_command_line"
	}
	return " -a " + fishQuoted("("+choices+")")
}

// fishQuoted is text as one word of fish.
func fishQuoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
