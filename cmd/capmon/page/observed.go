package page

import (
	"fmt"
	"time"

	"github.com/capmon/capmon/cmd/capmon/observeoutput"
	"github.com/capmon/capmon/trace/observe"
)

// OfObservation is the page of what was seen of something that already ran.
func OfObservation(r observeoutput.Report) Page {
	b := newBudget()
	p := Page{
		Heading: fmt.Sprintf("%s used %s (%s, %s)", r.Target, orNothing(r.Total.Used), r.Proof, time.Duration(r.Seconds*float64(time.Second)).Round(time.Second)),
		State:   r.Proof,
		Facts: []Fact{{"since", r.Since.Format(time.DateTime)}, {"kernel", r.Kernel}, {"watched by", r.Backend}, {"capmon", r.Version},
			{"processes", fmt.Sprint(len(r.Processes))}},
		Notes: []string{
			"Refused: " + orNothing(r.Total.Refused) + ".",
			"Held and never used: " + orNothing(r.Total.NeverUsed) + ".",
			"What was not used while capmon watched may be needed at another time.",
		},
	}
	if r.Lost > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d records were lost: more may have been used.", r.Lost))
	}
	a := Attempt{Grant: "as it runs", Outcome: r.Proof, Open: true, Success: true}
	for _, process := range r.Processes {
		if !take(&b.processes, &b.noProcesses) {
			continue
		}
		node := &Process{Name: process.Comm, PID: process.PID}
		node.add(b, process.Used, true)
		node.add(b, process.Refused, false)
		a.Tree = append(a.Tree, node)
	}
	p.Attempts, p.LeftOut = []Attempt{a}, b.leftOut()
	return p
}

func (p *Process) add(b *budget, counts []observe.Count, passed bool) {
	for _, c := range counts {
		if take(&b.checks, &b.noChecks) {
			p.Checks = append(p.Checks, Check{Cap: c.Cap.String(), Passed: passed, Call: c.Syscall, Count: c.Count})
		}
	}
}
