package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/fleet"
	"github.com/capmon/capmon/cmd/capmon/fleetoutput"
	"github.com/capmon/capmon/cmd/capmon/output"
	"github.com/capmon/capmon/cmd/capmon/version"
)

// mergeFleet sums up what collectors have stored.
func mergeFleet(s streams, files []string, by fleet.By, json bool) error {
	if len(files) == 0 {
		return exit.Usagef("give at least one file that a collector wrote: capmon merge --from otlp FILE...")
	}
	var c fleet.Collection
	for _, file := range files {
		err := readStored(s, &c, file)
		if errors.Is(err, fleet.ErrCut) {
			fmt.Fprintf(s.err, "capmon merge: %s: %v, and left out\n", file, err)
			continue
		}
		if err != nil {
			return exit.Usagef("%s: %v", file, err)
		}
	}
	if c.Records() == 0 {
		return exit.Usagef("there is no record of capmon monitor --otlp in %s", strings.Join(files, ", "))
	}
	r := c.Report(by)
	r.Version = version.Read().Version
	if json {
		return output.JSON(s.out, r)
	}
	return fleetoutput.Write(s.out, r)
}

// readStored reads one file, or standard input for "-".
func readStored(s streams, c *fleet.Collection, file string) error {
	if file == "-" {
		return c.Read(s.in)
	}
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return errors.New(exit.RootCause(err).Error())
	}
	defer f.Close()
	return c.Read(f)
}
