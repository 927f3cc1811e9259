// Package completion answers what can stand at the cursor of a command line.
// The scripts for the shells ask capmon itself by a hidden call
//
//	capmon __complete WORD...
//
// with the words behind capmon up to the cursor, of which the last may be
// empty. Scripts answers with a line that tells the shell what to do, and then
// with candidates for the last word, each followed by a tab and a description:
//
//	words                 nothing else
//	nospace               no blank behind a candidate
//	files PREFIX          add the names of files, behind PREFIX
//	directories PREFIX    add the names of directories, behind PREFIX
//	command N             add what completes the command whose name is word N,
//	                      where capmon itself is word 0
package completion

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/command"
)

// Call is the first argument of the hidden call.
const Call = "__complete"

var (
	//go:embed capmon.bash
	bash string
	//go:embed capmon.zsh
	zsh string
	//go:embed capmon.fish
	fish string
)

// Shells are the shells that there is a script for.
func Shells() []string { return []string{"bash", "zsh", "fish"} }

// Script is the script for the shell, "" for one that there is none for.
func Script(shell string) string {
	return map[string]string{"bash": bash, "zsh": zsh, "fish": fish}[shell]
}

// answer is what is answered to a shell.
type answer struct {
	directive  string
	candidates []candidate
}

// candidate is a word that can stand in place of the last.
type candidate struct{ word, description string }

// Answer writes what can stand in place of the last of words.
func Answer(w io.Writer, capmon *command.Command, words []string) error {
	if len(words) == 0 {
		words = []string{""}
	}
	a := complete(capmon, words)
	b := &strings.Builder{}
	fmt.Fprintln(b, a.directive)
	for _, c := range a.candidates {
		fmt.Fprintf(b, "%s\t%s\n", c.word, c.description)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func complete(capmon *command.Command, words []string) answer {
	before, last := words[:len(words)-1], words[len(words)-1]
	cmd, rest := capmon.Find(before)
	line := cmd.Split(rest)
	switch {
	case line.Pending != nil:
		return valueAnswer(line.Pending.Value, "", last)
	case line.Dashes || !strings.HasPrefix(last, "-"):
		first := len(words)
		if line.First >= 0 {
			first = len(before) - len(rest) + line.First + 1
		}
		return wordAnswer(capmon, cmd, first, words)
	case strings.Contains(last, "="):
		name, value, _ := strings.Cut(last, "=")
		if o := cmd.Option(name); o != nil {
			return valueAnswer(o.Value, name+"=", value)
		}
		return answer{directive: "words"}
	}
	return optionAnswer(cmd, line, last)
}

// optionAnswer offers the options that can still be given.
func optionAnswer(cmd *command.Command, line command.Line, last string) answer {
	a := answer{directive: "words"}
	for _, o := range cmd.AllOptions() {
		given := slices.ContainsFunc(line.Options, func(arg string) bool {
			other := cmd.Option(arg)
			return other != nil && other.Name == o.Name && strings.HasPrefix(arg, "-")
		})
		if given && !o.Repeated {
			continue
		}
		for _, name := range o.Names() {
			a.offer(last, candidate{name, o.Description()})
		}
	}
	return a
}

// wordAnswer offers what is not an option. first is the number of the first
// word of the command that capmon is to run.
func wordAnswer(capmon, cmd *command.Command, first int, words []string) answer {
	last := words[len(words)-1]
	if cmd.Words.Kind != command.CommandLine {
		return valueAnswer(cmd.Words, "", last)
	}
	a := answer{directive: fmt.Sprintf("command %d", first)}
	if cmd == capmon && len(words) == 1 {
		for _, sub := range capmon.Commands {
			a.offer(last, candidate{sub.Word(), sub.Summary})
		}
		// All commands there are would drown capmon's own.
		if last == "" {
			a.directive = "words"
		}
	}
	return a
}

// offer adds a candidate that begins with text.
func (a *answer) offer(text string, candidates ...candidate) {
	for _, c := range candidates {
		if strings.HasPrefix(c.word, text) {
			a.candidates = append(a.candidates, c)
		}
	}
}
