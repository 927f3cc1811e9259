package main

import (
	"errors"

	"github.com/capmon/capmon/caps/sandbox"
)

// sandboxFlag is --sandbox, alone or with "net".
type sandboxFlag struct {
	set     bool
	options sandbox.Options
}

// IsBoolFlag lets the flag stand without a value.
func (*sandboxFlag) IsBoolFlag() bool { return true }

// Set takes what stands behind the "=", or "true" when nothing does.
func (f *sandboxFlag) Set(text string) error {
	switch text {
	case "true":
		*f = sandboxFlag{set: true}
	case "net":
		*f = sandboxFlag{set: true, options: sandbox.Options{Net: true}}
	default:
		return errors.New("net is all that can stand there")
	}
	return nil
}

func (*sandboxFlag) String() string { return "" }
