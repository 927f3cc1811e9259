package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagsFirst moves flags that stand behind the command's quotes before it,
// since the flag library stops at the first word that is no flag. What comes
// after "--" is the command's own.
func flagsFirst(args []string, flags []cli.Flag) []string {
	var options, words []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			words = append(words, args[i+1:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			words = append(words, arg)
			continue
		}
		options = append(options, arg)
		if !takesValue(arg, flags) {
			continue
		}
		if i++; i == len(args) {
			return options // for the flag library to miss the value
		}
		options = append(options, args[i])
	}
	return append(append(options, "--"), words...)
}

// takesValue says whether the word behind this flag belongs to it.
func takesValue(arg string, flags []cli.Flag) bool {
	name := strings.TrimLeft(arg, "-")
	if strings.Contains(name, "=") {
		return false
	}
	for _, f := range flags {
		if !slices.Contains(f.Names(), name) {
			continue
		}
		d, ok := f.(cli.DocGenerationFlag)
		return ok && d.TakesValue() && !valueIsOptional(f)
	}
	return false
}

// valueIsOptional says whether the flag may stand alone, and has its value
// only behind an equals sign (flag.Value).
func valueIsOptional(f cli.Flag) bool {
	g, ok := f.(*cli.GenericFlag)
	if !ok {
		return false
	}
	b, ok := g.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}
