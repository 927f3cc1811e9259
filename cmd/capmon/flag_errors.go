package main

import (
	"regexp"

	"github.com/capmon/capmon/cmd/capmon/exit"
)

var (
	unknownFlag  = regexp.MustCompile(`flag provided but not defined: -+(.*)`)
	missingValue = regexp.MustCompile(`flag needs an argument: -+(.*)`)
	badValue     = regexp.MustCompile(`invalid (?:boolean )?value "(.*)" for (?:flag )?-+([^:]*): `)
)

// flagError puts the flag library's words into capmon's.
func flagError(name string, err error) error {
	text := err.Error()
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		return exit.Usagef("unknown option %s: see %s --help", dashed(m[1]), name)
	}
	if m := missingValue.FindStringSubmatch(text); m != nil {
		return exit.Usagef("%s needs a value: see %s --help", dashed(m[1]), name)
	}
	if m := badValue.FindStringSubmatch(text); m != nil {
		return exit.Usagef("%s: bad value %q: see %s --help", dashed(m[2]), m[1], name)
	}
	return exit.Usagef("%s: see %s --help", text, name)
}

func dashed(flag string) string {
	if len(flag) == 1 {
		return "-" + flag
	}
	return "--" + flag
}
