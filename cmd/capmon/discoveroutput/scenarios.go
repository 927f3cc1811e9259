package discoveroutput

import (
	"fmt"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover"
)

// writeScenarios says which scenario of a daemon needs what.
func writeScenarios(b *strings.Builder, r discover.Report) {
	for _, s := range r.Scenarios {
		fmt.Fprintf(b, "%-7s %s", s.Scenario+":", needsOrNothing(s.Needed))
		if more := s.Used.Minus(s.Needed); more != 0 {
			fmt.Fprintf(b, "; uses %s as well", strings.Join(more.Names(), ", "))
		}
		b.WriteByte('\n')
	}
	if only := r.StartOnly(); only != 0 {
		fmt.Fprintf(b, "needed to start only: %s\n", strings.Join(only.Names(), ", "))
	}
}

func needsOrNothing(s caps.Set) string {
	if s == 0 {
		return "needs nothing more"
	}
	return "needs " + strings.Join(s.Names(), ", ")
}
