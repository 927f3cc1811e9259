package main

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/internal/corpus"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/internal/units"
)

// What is said of programs is what the tables have, which brute force found.
func TestExplainedProgramsAreThoseOfTheTables(t *testing.T) {
	const file = "explainoutput/programs.json"
	programs := map[string][]string{}
	add := func(program string, set caps.Set) {
		for _, c := range set.Members() {
			if !slices.Contains(programs[c.String()], program) {
				programs[c.String()] = append(programs[c.String()], program)
			}
		}
	}
	for _, c := range corpus.Programs() {
		set, err := c.Set()
		testenv.Must(t, err)
		add(c.Name, set)
	}
	for _, c := range units.Cases() {
		set, err := caps.ParseSet(c.Want)
		testenv.Must(t, err)
		add(c.Unit+".service", set)
	}
	want, err := json.MarshalIndent(programs, "", "  ")
	testenv.Must(t, err)
	want = append(want, '\n')
	if *rewriteReadme {
		testenv.Must(t, os.WriteFile(file, want, 0o644))
		return
	}
	text, err := os.ReadFile(file)
	testenv.Must(t, err)
	if diff := cmp.Diff(string(text), string(want)); diff != "" {
		t.Errorf("%s is not up to date: run make docs\n%s", file, diff)
	}
}
