package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/compareoutput"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/observeoutput"
	"github.com/capmon/capmon/cmd/capmon/state"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/compare"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/emit"
	"github.com/capmon/capmon/trace"
)

// kept is what files hold: discoveries, and observations of what ran.
type kept struct {
	reports      []discover.Report
	files        []string // of the reports
	observations []compareoutput.Observation
}

// readKept reads files of either kind.
func readKept(s streams, files []string) (kept, error) {
	var k kept
	for _, file := range files {
		text, err := readBounded(s, file)
		if err != nil {
			return k, exit.Usagef("%s: %v", file, err)
		}
		if seen, err := parseObservation(text); err == nil {
			k.observations = append(k.observations, compareoutput.Observation{File: file, Report: seen})
			continue
		}
		r, err := state.Parse(text)
		if err != nil {
			return k, exit.Usagef("%s: it is not a report of capmon discover --json or capmon observe --json", file)
		}
		k.reports, k.files = append(k.reports, r), append(k.files, file)
	}
	return k, nil
}

func parseObservation(text []byte) (observeoutput.Report, error) {
	var r observeoutput.Report
	if err := json.Unmarshal(text, &r); err != nil {
		return r, err
	}
	if r.Schema != observeoutput.Schema {
		return r, errors.New("it is no observation")
	}
	return r, nil
}

// printJoined writes what was proven beside what was seen in use and granted.
func printJoined(s streams, k kept, formats []string) error {
	var needed compare.Merged
	if len(k.reports) > 0 {
		needed = compare.Merge(k.reports, k.files)
	}
	var used caps.Set
	for _, o := range k.observations {
		used |= o.Report.Total.Used
	}
	var text strings.Builder
	if len(formats) == 0 {
		compareoutput.WriteJoined(&text, needed, k.reports, k.files, k.observations)
	}
	for _, format := range formats {
		if len(k.reports) == 0 {
			return exit.Usagef("--emit takes a discovery among the reports: capmon observe --emit writes down what was observed")
		}
		if err := emit.Write(&text, format, withUsed(together(needed, k.reports), used, observeoutput.Set(k.observations[0].Report, "").Watched)); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprint(s.out, text.String()); err != nil {
		return fmt.Errorf("write standard output: %w", err)
	}
	if used.Minus(needed.Capabilities) != 0 || !allProven(k.reports) {
		return exit.Status(exit.Unproven)
	}
	return nil
}

// withUsed adds what was seen in use to what was proven: no form of it cuts off
// what runs.
func withUsed(r discover.Report, used caps.Set, watched *controller.Watched) discover.Report {
	more := used.Minus(r.Capabilities)
	if more == 0 {
		return r
	}
	r.Capabilities |= more
	r.Verdict = discover.Sufficient
	r.Reason = "seen in use, and not proven to be needed: " + strings.Join(more.Names(), ", ")
	r.Watched = watched
	r.Tolerated = slices.DeleteFunc(slices.Clone(r.Tolerated), func(c trace.Check) bool { return more.Has(c.Cap) })
	return r
}

func allProven(reports []discover.Report) bool {
	for _, r := range reports {
		if r.Verdict != discover.Minimal {
			return false
		}
	}
	return true
}
