package command

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/capmon/capmon/cmd/capmon/exit"
)

// Field is an option together with the field of O that it fills.
type Field[O any] struct {
	Option
	fill func(o *O, values []string) error
}

// Fields are the options of a command whose options are an O.
type Fields[O any] []Field[O]

// Options are the descriptions alone.
func (fields Fields[O]) Options() []Option {
	options := make([]Option, len(fields))
	for i, f := range fields {
		options[i] = f.Option
	}
	return options
}

// Fill makes an O of what was given on the command line, and of defaults. An
// error names the option.
func (fields Fields[O]) Fill(given Given) (O, error) {
	var o O
	for _, f := range fields {
		values := given.options[f.Name]
		if len(values) == 0 && f.Default != "" {
			values = []string{f.Default}
		}
		if len(values) == 0 {
			continue
		}
		if err := f.fill(&o, values); err != nil {
			return o, exit.Usagef("%s: %v", f.Dashed(), err)
		}
	}
	return o, nil
}

// Parsed is an option whose value is parsed. If it is given more than once the
// last one counts. An optional value that was left out is "".
func Parsed[O, T any](option Option, parse func(string) (T, error), field func(*O) *T) Field[O] {
	return Field[O]{option, func(o *O, values []string) (err error) {
		*field(o), err = parse(values[len(values)-1])
		return err
	}}
}

// Chosen is an option whose value is one of its choices.
func Chosen[O any, T ~string](option Option, field func(*O) *T) Field[O] {
	return Parsed(option, func(text string) (T, error) {
		if !slices.Contains(option.Value.Choices, text) {
			return "", fmt.Errorf("%q is none of %s", text, strings.Join(option.Value.Choices, ", "))
		}
		return T(text), nil
	}, field)
}

// Switch is an option without a value.
func Switch[O any](option Option, field func(*O) *bool) Field[O] {
	return Field[O]{option, func(o *O, _ []string) error {
		*field(o) = true
		return nil
	}}
}

// Count is an option without a value that says more each time it is given.
func Count[O any](option Option, field func(*O) *int) Field[O] {
	option.Repeated = true
	return Field[O]{option, func(o *O, values []string) error {
		*field(o) = len(values)
		return nil
	}}
}

// String is an option whose value is taken as it is.
func String[O any](option Option, field func(*O) *string) Field[O] {
	return Parsed(option, func(text string) (string, error) { return text, nil }, field)
}

// Whole is an option that may be given several times, each time with one value, in
// which commas mean nothing.
func Whole[O any](option Option, field func(*O) *[]string) Field[O] {
	option.Repeated = true
	return Field[O]{option, func(o *O, values []string) error {
		*field(o) = append(*field(o), values...)
		return nil
	}}
}

// Each is an option that may be given several times, and each time with several
// values that have commas between. At most most in all, any number if that is 0.
func Each[O, T any](option Option, most int, parse func(string) (T, error), field func(*O) *[]T) Field[O] {
	option.Repeated = true
	return Field[O]{option, func(o *O, values []string) error {
		values = strings.Split(strings.Join(values, ","), ",")
		if most > 0 && len(values) > most {
			return fmt.Errorf("%d are too many: at most %d", len(values), most)
		}
		for _, text := range values {
			v, err := parse(strings.TrimSpace(text))
			if err != nil {
				return err
			}
			*field(o) = append(*field(o), v)
		}
		return nil
	}}
}

// Number is an option whose value is a whole number of at least least.
func Number[O any](option Option, least int, field func(*O) *int) Field[O] {
	return Parsed(option, func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, fmt.Errorf("%q is not a whole number", text)
		}
		if n < least {
			return 0, fmt.Errorf("%d is too small: give at least %d", n, least)
		}
		return n, nil
	}, field)
}

// Duration is an option whose value is a time.
func Duration[O any](option Option, field func(*O) *time.Duration) Field[O] {
	return Parsed(option, ParseTime, field)
}

// ParseTime reads a time of more than nothing, such as "30s".
func ParseTime(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		// A number alone lacks its unit.
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			return 0, fmt.Errorf("%q lacks a unit: give a time such as %ss or %sm", text, text, text)
		}
		return 0, fmt.Errorf("%q is not a time: give one such as 30s or 2m", text)
	}
	if d <= 0 {
		return 0, errors.New("must be more than nothing: give a time such as 30s or 2m")
	}
	return d, nil
}

// FormatTime is the shortest text that ParseTime reads as d, to the second.
func FormatTime(d time.Duration) string {
	text := d.String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		return short + "m"
	}
	return text
}
