package discoveroutput

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/discover"
)

// writeUnit compares what a unit needs with what it has today, and says what
// of it was not in force.
func writeUnit(b *strings.Builder, r discover.Report) {
	if r.Container != nil {
		held := r.Held()
		fmt.Fprintf(b, "today: uid %d with %d granted, %d needed\n", r.User.UID, held.Len(), r.Capabilities.Len())
		writeSet(b, "held and not needed", held.Minus(r.Capabilities))
		writeSet(b, "needed and not held", r.Capabilities.Minus(held))
		if r.User.UID != 0 && r.Capabilities != 0 {
			b.WriteString("note: a container's user other than root has what the ambient set has; a bounding set alone gives it nothing\n")
		}
	}
	if r.Unit == nil {
		return
	}
	held := r.Held()
	switch {
	case r.Unit.OfUser:
		fmt.Fprintf(b, "today: runs as %s by that user's manager, which can grant nothing\n", terminal.Printable(r.User.Name))
	case r.User.UID != 0 && held == 0:
		fmt.Fprintf(b, "today: runs as %s with no capability", terminal.Printable(r.User.Name))
		if !r.Unit.Limited {
			b.WriteString("; what it executes is not limited")
		}
		b.WriteByte('\n')
	case r.User.UID == 0 && !r.Unit.Limited:
		fmt.Fprintf(b, "today: unlimited, root with all %d capabilities\n", caps.All().Len())
	default:
		fmt.Fprintf(b, "today: %s with %s\n", terminal.Printable(r.User.Name), strings.Join(held.Names(), ", "))
	}
	writeSet(b, "held and not needed", held.Minus(r.Capabilities))
	writeSet(b, "needed and not held", r.Capabilities.Minus(held))
	if !servesTried(r) {
		b.WriteString("note: the service was started and not used: what its clients cause it to do takes --exercise\n")
	}
	if r.Unit.Proven {
		b.WriteString("proven: systemd started the service with exactly the drop-in that --emit systemd prints\n")
	}
	for _, option := range r.Unit.Unapplied {
		fmt.Fprintf(b, "not in force here: %s\n", terminal.Printable(option))
	}
	for _, option := range r.Unit.Ignored {
		fmt.Fprintf(b, "ignored by systemd: %s\n", terminal.Printable(option))
	}
}

// servesTried says whether the service was used as its clients would.
func servesTried(r discover.Report) bool {
	return slices.ContainsFunc(r.Scenarios, func(s discover.ScenarioNeed) bool { return s.Scenario == discover.Serve })
}

// writeSet prints a set that is not empty; of a long one the number.
func writeSet(b *strings.Builder, what string, set caps.Set) {
	const most = 6
	switch n := set.Len(); {
	case n == 0:
	case n > most:
		fmt.Fprintf(b, "%s: %d capabilities\n", what, n)
	default:
		fmt.Fprintf(b, "%s: %s\n", what, strings.Join(set.Names(), ", "))
	}
}
