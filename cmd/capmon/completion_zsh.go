package main

import (
	_ "embed"
	"fmt"
	"strings"
)

// zshFunctions are the part of the script that no option changes.
//
//go:embed completion.zsh
var zshFunctions string

// zshStart makes the script work where it is sourced, and as a function that
// zsh loads from its path (compinit).
const zshStart = `
if [[ $funcstack[1] == _capmon ]]; then
	_capmon "$@"
else
	compdef _capmon capmon
fi
`

func zshCompletion(commands []completed) string {
	b := &strings.Builder{}
	b.WriteString(zshFunctions)
	fmt.Fprintf(b, "typeset -g _capmon_capabilities=(%s)\n", strings.Join(capabilityNames(), " "))
	b.WriteString("typeset -g _capmon_commands=(\n")
	for _, c := range commands[1:] {
		fmt.Fprintf(b, "\t%s\n", singleQuoted(c.name+":"+c.summary))
	}
	b.WriteString(")\n")
	zshCommand(b, commands)
	for _, c := range commands {
		zshArguments(b, c)
	}
	b.WriteString(zshStart)
	return b.String()
}

// zshCommand writes what knows a subcommand by its names.
func zshCommand(b *strings.Builder, commands []completed) {
	b.WriteString("\n_capmon_command() {\n\tcase $1 in\n")
	for _, c := range commands[1:] {
		names := append([]string{c.name}, c.aliases...)
		fmt.Fprintf(b, "\t%s) REPLY=%s ;;\n", strings.Join(names, "|"), c.name)
	}
	b.WriteString("\t*) return 1 ;;\n\tesac\n}\n")
}

// zshArguments writes the call of _arguments for one command.
func zshArguments(b *strings.Builder, c completed) {
	name := "_capmon_arguments"
	if c.name != "" {
		name += "_" + c.name
	}
	fmt.Fprintf(b, "\n%s() {\n\t_arguments -s -S \\\n", name)
	for _, o := range c.options {
		for _, spec := range zshOption(o) {
			fmt.Fprintf(b, "\t\t%s \\\n", singleQuoted(spec))
		}
	}
	rest := `"$capmon_rest"`
	if c.words.kind != commandLine {
		rest = singleQuoted("*:word:" + zshAction(c.words))
	}
	fmt.Fprintf(b, "\t\t%s\n}\n", rest)
}

// zshOption has a spec for each name of an option: with the names that exclude
// it, what it does, and what its value is.
func zshOption(o completedOption) []string {
	start := "(" + strings.Join(o.names, " ") + ")"
	switch {
	case o.repeated:
		start = "*"
	case o.names[0] == "-h":
		start = "(- *)"
	}
	text := strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`).Replace(o.text)
	message := strings.ReplaceAll(o.option.value, ":", `\:`)
	var specs []string
	for _, name := range o.names {
		long := strings.HasPrefix(name, "--")
		equals, end := "", ""
		switch {
		case o.value.kind == nothing:
		case o.optional:
			equals, end = "=-", "::"
		case long:
			equals, end = "=", ":"
		default:
			end = ":"
		}
		if end != "" {
			end += message + ":" + zshAction(o.value)
		}
		specs = append(specs, start+name+equals+"["+text+"]"+end)
	}
	return specs
}

// zshAction is what completes a value.
func zshAction(v value) string {
	choices := strings.Join(v.choices, " ")
	switch v.kind {
	case choice:
		return "(" + choices + ")"
	case list:
		return "{_capmon_list " + choices + "}"
	case capabilities:
		return "_capmon_capability"
	case file:
		return "_files"
	case directory:
		return "_files -/"
	case cgroupPath:
		return "_capmon_cgroup"
	case userName:
		return "_users"
	case userAndGroup:
		return "_capmon_user_group"
	case process:
		return "_capmon_pid"
	case processName:
		return "_capmon_process"
	case shellCommand:
		return "_command_names -e"
	}
	return " " // nothing, and no file either
}

// singleQuoted is text as one word of bash and zsh.
func singleQuoted(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
