package unit

import (
	"errors"
	"fmt"
	"strings"
)

// Command is one line of ExecStart= and the like (systemd.service(5),
// "Command lines").
type Command struct {
	// Path is the executable: absolute, or a name to look for.
	Path string
	// Args are the arguments, the zeroth included, with variables not yet
	// replaced.
	Args []string
	// MayFail ("-"): a failure is noted, and no more.
	MayFail bool
	// Verbatim (":"): variables are not replaced.
	Verbatim bool
	// Privileges say with how many of them it runs.
	Privileges Privileges
}

// Privileges are what a prefix makes of the unit's user and capabilities.
type Privileges int

// The kinds of privileges.
const (
	// Restricted: as the unit's options say.
	Restricted Privileges = iota
	// Full ("+"): as the manager, without user, capabilities, file system
	// name spaces and seccomp filters of the unit.
	Full
	// Elevated ("!"): as root, with the unit's capabilities and other options.
	Elevated
	// ElevatedIfNeeded ("!!"): as Elevated on kernels without ambient
	// capabilities, and else Restricted. All kernels that capmon knows have
	// them.
	ElevatedIfNeeded
)

// parseCommands reads one ExecStart= value, which can hold several commands,
// separated by ";".
func parseCommands(value string, spec specifiers) ([]Command, error) {
	var commands []Command
	for rest := strings.TrimLeft(value, blanks); rest != ""; rest = strings.TrimLeft(rest, blanks) {
		command, remainder, err := parseCommand(rest, spec)
		if err != nil {
			return nil, err
		}
		commands = append(commands, command)
		rest = remainder
	}
	return commands, nil
}

func parseCommand(text string, spec specifiers) (Command, string, error) {
	path, rest, _, err := firstWord(text, true)
	if err != nil {
		return Command{}, "", err
	}
	command, path, ownZeroth, err := prefixes(path)
	if err != nil {
		return Command{}, "", err
	}
	if command.Path, err = spec.expand(path); err != nil {
		return Command{}, "", err
	}
	if command.Path == "" {
		return Command{}, "", errors.New("it names no executable")
	}
	args, rest, err := arguments(rest, spec)
	if err != nil {
		return Command{}, "", err
	}
	if !ownZeroth {
		args = append([]string{command.Path}, args...)
	} else if len(args) == 0 {
		return Command{}, "", errors.New("after @ it needs a name for the process as well")
	}
	command.Args = args
	return command, rest, nil
}

// prefixes reads the special characters before the executable.
func prefixes(path string) (c Command, rest string, ownZeroth bool, err error) {
	for ; path != ""; path = path[1:] {
		switch path[0] {
		case '-':
			c.MayFail = true
		case '@':
			ownZeroth = true
		case ':':
			c.Verbatim = true
		case '+':
			c.Privileges = Full
		case '!':
			if c.Privileges == Elevated {
				c.Privileges = ElevatedIfNeeded
			} else {
				c.Privileges = Elevated
			}
		case '|':
			return c, "", false, errors.New("the prefix | (run by the user's shell) is not supported")
		default:
			return c, path, ownZeroth, nil
		}
	}
	return c, "", ownZeroth, nil
}

// arguments reads words until a ";" that stands alone; "\;" is one that is an
// argument.
func arguments(text string, spec specifiers) (args []string, rest string, err error) {
	for {
		text = strings.TrimLeft(text, blanks)
		next, after := bareWord(text)
		switch next {
		case "":
			return args, "", nil
		case ";":
			return args, after, nil
		case `\;`:
			args, text = append(args, ";"), after
			continue
		}
		word, remainder, _, err := firstWord(text, true)
		if err != nil {
			return nil, "", err
		}
		if word, err = spec.expand(word); err != nil {
			return nil, "", err
		}
		args, text = append(args, word), remainder
	}
}

// bareWord is what stands before the next blank, without any unquoting.
func bareWord(text string) (word, rest string) {
	if i := strings.IndexAny(text, blanks); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

// Expand replaces "$NAME" where it is a word of its own by the words of the
// variable, and "${NAME}" anywhere by its value ("Command lines" in
// systemd.service(5)). The zeroth argument takes part, the path does not. What
// is not set is empty, and returned in unset.
func (c Command) Expand(environ []string) (args, unset []string) {
	if c.Verbatim {
		return c.Args, nil
	}
	lookup := func(name string) (string, bool) {
		for i := len(environ) - 1; i >= 0; i-- {
			if key, value, _ := strings.Cut(environ[i], "="); key == name {
				return value, true
			}
		}
		unset = append(unset, name)
		return "", false
	}
	for _, arg := range c.Args {
		if name, ok := strings.CutPrefix(arg, "$"); ok && validVariable(name) {
			value, _ := lookup(name)
			words, err := splitWords(value)
			if err != nil {
				words = strings.Fields(value)
			}
			args = append(args, words...)
			continue
		}
		args = append(args, expandBraces(arg, lookup))
	}
	return args, unset
}

// expandBraces replaces "${NAME}", and "$$" by one "$".
func expandBraces(arg string, lookup func(string) (string, bool)) string {
	var out strings.Builder
	for i := 0; i < len(arg); i++ {
		if arg[i] == '$' && i+1 < len(arg) {
			if arg[i+1] == '$' {
				out.WriteByte('$')
				i++
				continue
			}
			if end := strings.IndexByte(arg[i:], '}'); arg[i+1] == '{' && end > 0 && validVariable(arg[i+2:i+end]) {
				value, _ := lookup(arg[i+2 : i+end])
				out.WriteString(value)
				i += end
				continue
			}
		}
		out.WriteByte(arg[i])
	}
	return out.String()
}

// validVariable says whether the text is the name of a variable (env_name_is_valid
// in systemd's src/basic/env-util.c).
func validVariable(name string) bool {
	for i := range len(name) {
		c := name[i]
		if !(c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return name != ""
}

// String is the command as it can be read.
func (c Command) String() string { return fmt.Sprintf("%q", c.Args) }
