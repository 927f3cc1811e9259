package controller

import (
	"encoding/json"
	"math"
	"time"
)

// MarshalJSON writes a list that is empty as [], never as null, so that a
// reader of the report can loop over each.
func (r Report) MarshalJSON() ([]byte, error) {
	type plain Report // without this method
	p := plain(r)
	p.Command = orEmpty(p.Command)
	p.User.Groups = orEmpty(p.User.Groups)
	p.Given.Skip, p.Given.Devices = orEmpty(p.Given.Skip), orEmpty(p.Given.Devices)
	p.MustNot = orEmpty(p.MustNot)
	p.Tolerated = orEmpty(p.Tolerated)
	p.Scenarios = orEmpty(p.Scenarios)
	p.Alternatives = orEmpty(p.Alternatives)
	p.Advice = orEmpty(p.Advice)
	p.Evidence = orEmpty(p.Evidence)
	p.Runs = orEmpty(p.Runs)
	p.Elevated = orEmpty(p.Elevated)
	p.Given.Arguments, p.Given.Options = orEmpty(p.Given.Arguments), orEmpty(p.Given.Options)
	if p.Container != nil {
		c := *p.Container
		c.Options = orEmpty(c.Options)
		p.Container = &c
	}
	if p.Unit != nil {
		u := *p.Unit
		u.DropIns, u.Skipped = orEmpty(u.DropIns), orEmpty(u.Skipped)
		u.Unapplied, u.Ignored = orEmpty(u.Unapplied), orEmpty(u.Ignored)
		p.Unit = &u
	}
	return json.Marshal(p)
}

// attemptFields is Attempt without its methods.
type attemptFields Attempt

// attemptJSON is the JSON form of an Attempt.
type attemptJSON struct {
	attemptFields
	// Seconds is Duration as a number for people.
	Seconds float64 `json:"seconds"`
}

// MarshalJSON writes the duration as seconds.
func (a Attempt) MarshalJSON() ([]byte, error) {
	j := attemptJSON{attemptFields(a), a.Duration.Seconds()}
	j.Elevated = orEmpty(j.Elevated)
	j.Passed = orEmpty(j.Passed)
	j.Checks = orEmpty(j.Checks)
	j.Hindrances = orEmpty(j.Hindrances)
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote, to the nanosecond.
func (a *Attempt) UnmarshalJSON(data []byte) error {
	var j attemptJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*a = Attempt(j.attemptFields)
	a.Duration = time.Duration(math.Round(j.Seconds * float64(time.Second)))
	return nil
}

// orEmpty returns list, or an empty list for nil.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
