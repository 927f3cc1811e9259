package controller

import (
	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

// Scenario is one way of exercising a daemon.
type Scenario = trace.Scenario

// The scenarios, in the order in which a daemon is taken through them.
const (
	Start  Scenario = "start"
	Serve  Scenario = "serve"
	Reload Scenario = "reload"
	Stop   Scenario = "stop"
)

// ScenarioNeed is what one scenario needs of the set.
type ScenarioNeed struct {
	Scenario Scenario `json:"scenario"`
	// Needed are the capabilities without which this was the scenario that
	// failed. Whether a later one needs them too was not tried: it was not
	// reached.
	Needed caps.Set `json:"needed"`
	// Used are those of the set that were checked in it when all succeeded, in
	// system calls that did, and granted.
	Used caps.Set `json:"used"`
}

// StartOnly are the capabilities without which the start fails, and of which
// no later scenario made use; none where there is no other scenario.
func (r Result) StartOnly() caps.Set {
	if len(r.Scenarios) < 2 {
		return 0
	}
	var only, later caps.Set
	for _, s := range r.Scenarios {
		if s.Scenario == Start {
			only = s.Needed
		} else {
			later |= s.Needed | s.Used
		}
	}
	return only.Minus(later)
}

// scenarios says what each scenario needs that the best set was taken through.
func (f *finder) scenarios() []ScenarioNeed {
	n := f.latest(f.best)
	if !f.found || n == 0 {
		return nil
	}
	var needs []ScenarioNeed
	for _, s := range f.runs[n-1].Passed {
		need := ScenarioNeed{Scenario: s}
		for _, c := range f.best.Members() {
			if without := f.failedWithout(c); without != 0 && f.runs[without-1].Scenario == s {
				need.Needed = need.Needed.With(c)
			}
		}
		for _, c := range f.runs[n-1].Checks {
			if c.Scenario == s && useful(c) && f.best.Has(c.Cap) {
				need.Used = need.Used.With(c.Cap)
			}
		}
		needs = append(needs, need)
	}
	return needs
}
