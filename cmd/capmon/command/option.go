package command

import "strings"

// Option is one option of a command.
type Option struct {
	// Name has no dashes. A name of one letter gets one dash, a longer name
	// two. Short is another name of one letter, or ""; only an option without
	// a value can have one.
	Name, Short string
	// Value is what the option takes; zero if it takes none.
	Value Value
	// Optional: the value may be left out, and stands behind a "=".
	Optional bool
	// Repeated: the option may be given several times.
	Repeated bool
	// Default is the value where the option is not given.
	Default string
	// Text says what the option does, in one line without a full stop. It
	// names the value by its placeholder.
	Text string
}

// Help is the option that every command has.
var Help = Option{Name: "help", Short: "h", Text: "show this help"}

// Dashed is the name as it is typed.
func (o Option) Dashed() string { return dashed(o.Name) }

// Names are the names as they are typed, the short one first.
func (o Option) Names() []string {
	if o.Short == "" {
		return []string{o.Dashed()}
	}
	return []string{dashed(o.Short), o.Dashed()}
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// ValueForm is how the value stands behind the name: " FILE", "[=TIME]".
func (o Option) ValueForm() string {
	switch {
	case o.Value.Kind == None:
		return ""
	case o.Optional:
		return "[=" + o.Value.Placeholder + "]"
	}
	return " " + o.Value.Placeholder
}

// Form is the names with the value behind the last: "-a, --all", "-o FILE".
func (o Option) Form() string { return strings.Join(o.Names(), ", ") + o.ValueForm() }

// Description is the text with what else there is to know: whether the option
// may be repeated, and the default.
func (o Option) Description() string {
	text := o.Text
	if o.Repeated && o.Value.Kind != None {
		text += "; may be repeated"
	}
	if o.Default != "" {
		text += " (default: " + o.Default + ")"
	}
	return text
}

// Value is what can stand in a place of the command line.
type Value struct {
	Kind Kind
	// Placeholder stands for the value in texts, in capital letters. What is
	// meant as it is has small ones.
	Placeholder string
	// Choices are all the values there are, for the kinds Choice and List.
	Choices []string
}

// Kind is a kind of value: completion offers what fits.
type Kind int

const (
	None         Kind = iota // no value
	Text                     // anything: a number, a time, a regular expression
	Choice                   // one of the choices
	List                     // some of the choices, with commas between
	Capabilities             // capabilities, with commas between
	File
	Directory
	CgroupPath
	User
	UserAndGroup
	ProcessID
	ProcessName
	ShellCommand // a command in one word, for /bin/sh -c
	CommandLine  // the words of a command, to the end of the line
)

// The values that several options take.
var (
	AnyNumber  = Value{Text, "N", nil}
	AnyTime    = Value{Text, "TIME", nil}
	AnyRegexp  = Value{Text, "REGEX", nil}
	AnyFile    = Value{Kind: File, Placeholder: "FILE"}
	AnyUser    = Value{Kind: User, Placeholder: "USER"}
	AnyProcess = Value{Kind: ProcessID, Placeholder: "PID"}
	AnyCommand = Value{Kind: ShellCommand, Placeholder: "CMD"}
	// AnyIdentity is a user with or without a group.
	AnyIdentity = Value{Kind: UserAndGroup, Placeholder: "NAME[:GROUP]"}
)

// OneOf is a value that is one of the choices.
func OneOf(placeholder string, choices ...string) Value {
	return Value{Choice, placeholder, choices}
}

// SomeOf is a value of choices with commas between.
func SomeOf(placeholder string, choices ...string) Value {
	return Value{List, placeholder, choices}
}
