package page

import (
	"fmt"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/traceoutput"
	"github.com/capmon/capmon/trace"
)

// OfTrace is the page of one run.
func OfTrace(r traceoutput.Report) Page {
	b := newBudget()
	checks := audited(r.Checks)
	refused := 0
	for _, c := range checks {
		if c.Verdict == trace.Fail {
			refused++
		}
	}
	command := strings.Join(r.Command, " ")
	p := Page{
		Heading: fmt.Sprintf("%s: exit %d, %d capability checks, %d refused", printable(command), r.Exit, len(checks), refused),
		State:   "traced",
		Facts: []Fact{{"user", r.User}, {"kernel", r.Kernel}, {"traced by", r.Backend}, {"capmon", r.Version},
			{"processes", fmt.Sprint(len(r.Processes))}, {"whole command", command}},
	}
	var known []described
	for _, process := range r.Processes {
		known = append(known, described{strings.Join(process.Names, " → "), process.PID, process.Parent, process.Outcome})
	}
	p.Attempts = []Attempt{{Grant: "one run", Outcome: fmt.Sprintf("exit %d", r.Exit), Success: r.Exit == 0, Open: true, Tree: treeOf(b, known, checks)}}
	if hidden := len(r.Checks) - len(checks); hidden > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d checks that the kernel does not audit, or of another user namespace, are not shown.", hidden))
	}
	if r.Lost > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d records were lost: the report is not complete.", r.Lost))
	}
	p.Stacks, p.LeftOut = b.listed, b.leftOut()
	return p
}
