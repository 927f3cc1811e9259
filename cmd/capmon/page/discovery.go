package page

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/meaning"
	"github.com/capmon/capmon/cmd/capmon/discoveroutput"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
	"github.com/capmon/capmon/trace"
)

// OfDiscovery is the page of a discovery.
func OfDiscovery(r discover.Report) Page {
	b := newBudget()
	p := Page{Heading: discoveroutput.Answer(r), State: discoveroutput.State(r), Facts: factsOf(r)}
	for _, e := range r.Evidence {
		p.Needs = append(p.Needs, Need{e.Cap.String(), meaning.Of(e.Cap).Allows, discoveroutput.Reasons(r, e)})
	}
	p.Notes = notesOfDiscovery(r)
	if r.Verdict == discover.Minimal {
		p.Forms = formsOf(r)
	}
	decided := deciding(r)
	// The one that decided has the room first.
	attempts := make([]Attempt, len(r.Runs))
	fill := func(i int) {
		a := r.Runs[i]
		attempts[i] = Attempt{Number: i + 1, Grant: grant(a), Outcome: a.Outcome, Success: a.Success, Open: i == decided, Tree: treeOf(b, nil, audited(a.Checks))}
	}
	if decided >= 0 {
		b.attempts--
		fill(decided)
	}
	for i := range r.Runs {
		if i != decided && take(&b.attempts, &b.noAttempts) {
			fill(i)
		}
	}
	for _, a := range attempts {
		if a.Number > 0 {
			p.Attempts = append(p.Attempts, a)
		}
	}
	p.Stacks, p.LeftOut = b.listed, b.leftOut()
	return p
}

func factsOf(r discover.Report) []Fact {
	facts := []Fact{{"user", fmt.Sprintf("%s (uid %d)", r.User.Name, r.User.UID)}, {"kernel", r.Kernel}, {"traced by", r.Backend},
		{"directory", r.Directory}, {"capmon", r.Version}}
	if r.Unit != nil {
		facts = append(facts, Fact{"unit", r.Unit.File}, Fact{"run by", r.Unit.Manager})
	}
	if c := r.Container; c != nil && c.Image != "" {
		facts = append(facts, Fact{"image", c.Image}, Fact{"run by", strings.Join(append([]string{c.Engine}, c.Options...), " ")})
	} else if c != nil {
		facts = append(facts, Fact{"bundle", c.Bundle}, Fact{"run by", c.Runtime})
	}
	for _, h := range []Fact{{"setup", r.Given.Setup}, {"check", r.Given.Check}, {"cleanup", r.Given.Cleanup}, {"ready", r.Given.Ready},
		{"exercise", r.Given.Exercise}, {"reload", r.Given.Reload}, {"stop", r.Given.Stop}, {"sandbox", r.Given.Sandbox}} {
		if h.Value != "" {
			facts = append(facts, h)
		}
	}
	return append(facts, Fact{"whole command", strings.Join(r.Command, " ")})
}

func notesOfDiscovery(r discover.Report) []string {
	var notes []string
	if r.Reason != "" {
		notes = append(notes, "Why: "+r.Reason)
	}
	for _, e := range r.MustNot {
		notes = append(notes, fmt.Sprintf("It must not have %s: with it, it fails (attempt %d).", e.Cap, e.FailedWith))
	}
	for _, c := range r.WentOnWithout() {
		notes = append(notes, fmt.Sprintf("It went on without %s (%s).", c.Cap, c.Where()))
	}
	for _, s := range r.Scenarios {
		notes = append(notes, fmt.Sprintf("To %s it needs %s.", s.Scenario, orNothing(s.Needed)))
	}
	if r.Unit != nil {
		notes = append(notes, "Held today and not needed: "+orNothing(r.Held().Minus(r.Capabilities))+".")
		if r.Unit.Proven {
			notes = append(notes, "systemd started the service with exactly the drop-in below.")
		}
		for _, option := range r.Unit.Unapplied {
			notes = append(notes, "Not in force while it was tried: "+option)
		}
	}
	if c := r.Container; c != nil {
		notes = append(notes, "Held today and not needed: "+orNothing(r.Held().Minus(r.Capabilities))+".")
		if c.FileCapabilities != "" {
			notes = append(notes, "It had each grant as file capabilities of "+c.FileCapabilities+", since "+c.Engine+" gives a user who is not root nothing otherwise.")
		}
		if c.UserNamespace {
			notes = append(notes, "The container has a user namespace of its own: outside, it needs nothing.")
		}
	}
	for _, exe := range r.Elevated {
		notes = append(notes, exe+" is set-user-ID, set-group-ID or has file capabilities.")
	}
	if r.Lost > 0 {
		notes = append(notes, fmt.Sprintf("%d records of the tracer were lost.", r.Lost))
	}
	return notes
}

func orNothing(s caps.Set) string {
	if s == 0 {
		return "nothing"
	}
	return strings.Join(s.Names(), ", ")
}

// formsOf is the set in every form that it can have.
func formsOf(r discover.Report) []Form {
	var forms []Form
	for _, name := range emit.Formats() {
		if name == "yaml" {
			continue // the whole report, as large as it is
		}
		var text strings.Builder
		if emit.Write(&text, name, r) != nil {
			continue // it has no such form
		}
		if text.Len() <= maxForm {
			forms = append(forms, Form{name, strings.TrimSpace(text.String())})
		}
	}
	return forms
}

// deciding is the index of the attempt that the answer rests on: the last one
// with the set, or where none was found the last one; -1 without attempts.
func deciding(r discover.Report) int {
	for i := len(r.Runs) - 1; i >= 0; i-- {
		if r.Verdict == discover.NotFound || r.Runs[i].Success && r.Runs[i].Granted == r.Capabilities {
			return i
		}
	}
	return len(r.Runs) - 1
}

func grant(a discover.Attempt) string {
	text := cmp.Or(a.Granted.Summary(6), "nothing granted")
	if a.UID0 {
		text += " as uid 0"
	}
	return text
}

// audited are the checks that a report shows: what the kernel would log, and
// what it refused.
func audited(checks []trace.Check) []trace.Check {
	var list []trace.Check
	for _, c := range checks {
		if c.InitialNS && (c.Audited || c.Verdict == trace.Fail) {
			list = append(list, c)
		}
	}
	return list
}
