package command

import (
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/capmon/capmon/cmd/capmon/exit"
)

// Given is what was given on a command line.
type Given struct {
	// Help was asked for, and nothing else counts.
	Help bool
	// Words are what is not an option.
	Words []string
	// options are the values by the names of the options: one for each time
	// that it was given, "" where it takes none.
	options map[string][]string
}

// Parse reads what stands behind the command's name. The error is for the user.
func (c *Command) Parse(args []string) (Given, error) {
	line := c.Split(args)
	if line.Help {
		return Given{Help: true}, nil
	}
	if line.Ambiguous != "" {
		return Given{}, exit.Usagef("%s: give the option that takes a value by itself", line.Ambiguous)
	}
	var given Given
	app := &cli.App{
		Name: c.Name, HideHelp: true, HideVersion: true,
		UseShortOptionHandling: true,
		Writer:                 io.Discard, ErrWriter: io.Discard,
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   func(_ *cli.Context, err error, _ bool) error { return c.explain(args, err) },
		Action: func(ctx *cli.Context) error {
			given = collect(ctx, c.Options)
			return nil
		},
	}
	for _, o := range c.Options {
		app.Flags = append(app.Flags, newFlag(o))
	}
	arranged := append([]string{c.Name}, line.Options...)
	if line.Pending == nil {
		arranged = append(append(arranged, "--"), line.Words...)
	}
	return given, app.Run(arranged)
}

// newFlag is the option as the flag library wants it.
func newFlag(o Option) cli.Flag {
	var aliases []string
	if o.Short != "" {
		aliases = []string{o.Short}
	}
	switch {
	case o.Value.Kind == None:
		return &cli.BoolFlag{Name: o.Name, Aliases: aliases}
	case o.Optional:
		return &cli.GenericFlag{Name: o.Name, Aliases: aliases, Value: new(optionalValue)}
	}
	return &cli.GenericFlag{Name: o.Name, Aliases: aliases, Value: new(values)}
}

// values are those of an option in the order in which they were given.
type values []string

func (v *values) Set(text string) error {
	*v = append(*v, text)
	return nil
}

func (v *values) String() string { return strings.Join(*v, ",") }

// optionalValue is the last value of an option that can stand alone.
type optionalValue struct{ text string }

// IsBoolFlag lets the flag stand without a value (flag.Value).
func (*optionalValue) IsBoolFlag() bool { return true }

// Set takes what stands behind the "=", or "true" when nothing does.
func (v *optionalValue) Set(text string) error {
	if text == "true" {
		text = ""
	}
	v.text = text
	return nil
}

func (v *optionalValue) String() string { return v.text }

func collect(ctx *cli.Context, options []Option) Given {
	given := Given{Words: ctx.Args().Slice(), options: map[string][]string{}}
	for _, o := range options {
		if !ctx.IsSet(o.Name) {
			continue
		}
		switch v := ctx.Generic(o.Name).(type) {
		case *values:
			given.options[o.Name] = *v
		case *optionalValue:
			given.options[o.Name] = []string{v.text}
		default:
			given.options[o.Name] = make([]string, ctx.Count(o.Name))
		}
	}
	return given
}

var (
	unknownFlag  = regexp.MustCompile(`flag provided but not defined: -+(.*)`)
	missingValue = regexp.MustCompile(`flag needs an argument: -+(.*)`)
	needlessly   = regexp.MustCompile(`invalid boolean value "(.*)" for -+([^:]*): `)
)

// explain puts the flag library's words into capmon's.
func (c *Command) explain(args []string, err error) error {
	text := err.Error()
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		return c.unknownOption(args, m[1])
	}
	if m := missingValue.FindStringSubmatch(text); m != nil {
		return exit.Usagef("%s needs a value: see %s --help", dashed(m[1]), c.Name)
	}
	if m := needlessly.FindStringSubmatch(text); m != nil {
		return exit.Usagef("%s takes no value, but was given %q", dashed(m[2]), m[1])
	}
	return exit.Usagef("%s: see %s --help", text, c.Name)
}

// unknownOption proposes an option of a similar name, or that an option behind
// a command is the command's.
func (c *Command) unknownOption(args []string, name string) error {
	arg := dashed(name)
	at := slices.IndexFunc(args, func(a string) bool {
		bare, _, _ := strings.Cut(strings.TrimLeft(a, "-"), "=")
		return strings.HasPrefix(a, "-") && bare == name
	})
	if at >= 0 {
		arg, _, _ = strings.Cut(args[at], "=")
	}
	var names []string
	for _, o := range c.AllOptions() {
		names = append(names, o.Name)
	}
	if near := Near(name, names); near != "" {
		return exit.Usagef("unknown option %s: did you mean %s?", arg, dashed(near))
	}
	first := c.Split(args).First
	if c.Words.Kind == CommandLine && first >= 0 && first < at && !strings.Contains(args[first], " ") {
		return exit.Usagef("unknown option %s: if it belongs to %s, put -- before %s, or quote the whole command", arg, args[first], args[first])
	}
	return exit.Usagef("unknown option %s: see %s --help", arg, c.Name)
}
