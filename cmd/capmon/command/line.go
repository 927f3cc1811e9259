package command

import (
	"strings"
)

// Line is a command line, told apart into options and words. Options may stand
// before and behind the first word; what comes after "--" are words.
type Line struct {
	// Options are the options, each with its value behind it.
	Options []string
	Words   []string
	// First is the index of the first word in the line, -1 if there is none.
	First int
	// Help is asked for.
	Help bool
	// Dashes: there is a "--".
	Dashes bool
	// Ambiguous are letters behind one dash of which one that takes a value is
	// not the last: the flag library takes the letter behind it for the value,
	// and getopt(3) all that are left. "" if there are none.
	Ambiguous string
	// Pending is the option at the end of the line whose value is missing,
	// or nil.
	Pending *Option
}

// Split tells apart what stands behind the command's name.
func (c *Command) Split(args []string) Line {
	line := Line{First: -1}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			line.Dashes = true
			line.addWords(i+1, args[i+1:])
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			line.addWords(i, args[i:i+1])
			continue
		}
		line.Options = append(line.Options, arg)
		if o := c.Option(arg); o != nil && o.Name == Help.Name {
			line.Help = true
		}
		if line.Ambiguous == "" && c.valueWithin(arg) {
			line.Ambiguous = arg
		}
		option := c.takesNext(arg)
		if option == nil {
			continue
		}
		if i++; i == len(args) {
			line.Pending = option
			break
		}
		line.Options = append(line.Options, args[i])
	}
	return line
}

func (l *Line) addWords(at int, words []string) {
	if l.First < 0 && len(words) > 0 {
		l.First = at
	}
	l.Words = append(l.Words, words...)
}

// takesNext returns the option of arg if its value is the next argument. Of
// several letters behind one dash, the last may take one.
func (c *Command) takesNext(arg string) *Option {
	o := c.Option(arg)
	if o == nil && len(arg) > 2 && arg[1] != '-' {
		o = c.lastLetter(arg[1:])
	}
	if o == nil || o.Value.Kind == None || o.Optional || strings.Contains(arg, "=") {
		return nil
	}
	return o
}

// valueWithin says whether arg is letters behind one dash of which one before the
// last takes a value.
func (c *Command) valueWithin(arg string) bool {
	if len(arg) < 3 || arg[1] == '-' || strings.Contains(arg, "=") || c.Option(arg) != nil {
		return false
	}
	for i := 1; i < len(arg)-1; i++ {
		o := c.Option("-" + arg[i:i+1])
		if o == nil {
			return false
		}
		if o.Value.Kind != None && !o.Optional {
			return true
		}
	}
	return false
}

// lastLetter returns the option that is the last of letters, or nil if one of
// those before it is none without a value.
func (c *Command) lastLetter(letters string) *Option {
	last := len(letters) - 1
	for i := range last {
		if o := c.Option("-" + letters[i:i+1]); o == nil || o.Value.Kind != None {
			return nil
		}
	}
	return c.Option("-" + letters[last:])
}

// Option returns the option that arg names, with or without a value behind a
// "=", or nil.
func (c *Command) Option(arg string) *Option {
	name, _, _ := strings.Cut(arg, "=")
	for _, o := range c.AllOptions() {
		// As the flag library has it, one dash or two make no difference.
		if bare := strings.TrimPrefix(strings.TrimPrefix(name, "-"), "-"); bare == o.Name || bare == o.Short && bare != "" {
			return &o
		}
	}
	return nil
}
