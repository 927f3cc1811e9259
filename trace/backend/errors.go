package backend

import (
	"errors"
	"fmt"
	"strings"
)

// UnknownError is a backend that does not exist.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string {
	return fmt.Sprintf("unknown backend %q: use %s", e.Name, strings.Join(Names(), ", "))
}

// UnsupportedError says that no backend works on this machine, and why.
type UnsupportedError struct {
	// Reasons says for each backend that was tried what the kernel said.
	Reasons map[string]error
	// Hint is what would help, in one sentence.
	Hint string
}

func (e *UnsupportedError) Error() string {
	var reasons []string
	for _, name := range Names() {
		if err := e.Reasons[name]; err != nil {
			reasons = append(reasons, fmt.Sprintf("%s: %v", name, cause(err)))
		}
	}
	text := "cannot trace capability checks on this machine"
	if len(reasons) > 0 {
		text += " (" + strings.Join(reasons, "; ") + ")"
	}
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	return text
}

// cause is what is at the end of an error chain: what the kernel said, without
// the verifier's log.
func cause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
