package discoveroutput

import (
	"fmt"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover"
)

// writeScenarios says which scenario of a daemon needs what.
func (t Result) writeScenarios(b *strings.Builder, r discover.Report) {
	for _, s := range r.Scenarios {
		text := needsOrNothing(s.Needed)
		if more := s.Used.Minus(s.Needed); more != 0 {
			text += "; uses " + strings.Join(more.Names(), ", ") + " as well"
		}
		t.line(b, fmt.Sprintf("%-8s", s.Scenario+":"), text)
	}
	if only := r.StartOnly(); only != 0 {
		t.line(b, "needed to start only: ", strings.Join(only.Names(), ", "))
	}
}

func needsOrNothing(s caps.Set) string {
	if s == 0 {
		return "needs nothing more"
	}
	return "needs " + strings.Join(s.Names(), ", ")
}
