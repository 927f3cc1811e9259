package main

import (
	"fmt"

	"github.com/capmon/capmon/caps/sandbox"
)

// sandboxChoice is --sandbox, alone or with "net".
type sandboxChoice struct {
	set     bool
	options sandbox.Options
}

// parseSandbox takes what stands behind the "=", "" where nothing does.
func parseSandbox(text string) (sandboxChoice, error) {
	if text != "" && text != "net" {
		return sandboxChoice{}, fmt.Errorf("unknown choice %q: --sandbox=net is the only one", text)
	}
	return sandboxChoice{set: true, options: sandbox.Options{Net: text == "net"}}, nil
}

func parseDevice(path string) (string, error) {
	if err := sandbox.CheckDevice(path); err != nil {
		return "", fmt.Errorf("%q cannot be let into a sandbox: %w", path, err)
	}
	return path, nil
}
