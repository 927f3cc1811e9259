package unit

import (
	"fmt"
	"slices"
	"strings"
)

// text keeps a value with its specifiers replaced.
func text(field func(*Service) *string) readKey {
	return func(r *reader, value string) (err error) {
		*field(&r.service), err = r.spec.expand(value)
		return err
	}
}

func oneOf(field func(*Service) *string, allowed ...string) readKey {
	return func(r *reader, value string) error {
		if value != "" && !slices.Contains(allowed, value) {
			return fmt.Errorf("%q is none of %s", value, strings.Join(allowed, ", "))
		}
		*field(&r.service) = value
		return nil
	}
}

func boolean(field func(*Service) *bool) readKey {
	return func(r *reader, value string) (err error) {
		if value == "" {
			*field(&r.service) = false
			return nil
		}
		*field(&r.service), err = parseBool(value)
		return err
	}
}

func number(field func(*Service) **int, low, high int) readKey {
	parse := parseInt(low, high)
	return func(r *reader, value string) error {
		if value == "" {
			*field(&r.service) = nil
			return nil
		}
		n, err := parse(value)
		if err == nil {
			*field(&r.service) = &n
		}
		return err
	}
}

// list adds words; an empty value takes all back.
func list(field func(*Service) *[]string) readKey {
	return func(r *reader, value string) error {
		words, err := splitWords(value)
		if err != nil {
			return err
		}
		if len(words) == 0 {
			*field(&r.service) = nil
			return nil
		}
		for _, word := range words {
			if word, err = r.spec.expand(word); err != nil {
				return err
			}
			*field(&r.service) = append(*field(&r.service), word)
		}
		return nil
	}
}

func commands(field func(*Service) *[]Command) readKey {
	return func(r *reader, value string) error {
		if value == "" {
			*field(&r.service) = nil
			return nil
		}
		parsed, err := parseCommands(value, r.spec)
		if err == nil {
			*field(&r.service) = append(*field(&r.service), parsed...)
		}
		return err
	}
}

func signalName(field func(*Service) *string) readKey {
	return func(r *reader, value string) error {
		if value != "" && !strings.HasPrefix(value, "SIG") && strings.Trim(value, "0123456789") != "" {
			value = "SIG" + value
		}
		*field(&r.service) = value
		return nil
	}
}
