package discoveroutput

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover"
)

// writeUnit compares what a unit needs with what it has today, and says what
// of it was not in force.
func (t Result) writeUnit(b *strings.Builder, r discover.Report) {
	if r.Unit == nil {
		return
	}
	t.line(b, "today: ", today(r))
	t.writeDifference(b, r)
	if !servesTried(r) {
		t.line(b, "note: ", "the service was started and not used: what its clients cause it to do takes --exercise")
	}
	if r.Unit.Proven {
		t.line(b, "proven: ", "systemd started the service with exactly the drop-in that --emit systemd prints")
	}
	for _, option := range r.Unit.Unapplied {
		t.line(b, "not in force here: ", option)
	}
	for _, option := range r.Unit.Ignored {
		t.line(b, "ignored by systemd: ", option)
	}
}

// today is what a unit has without capmon's drop-in.
func today(r discover.Report) string {
	held := r.Held()
	switch {
	case r.Unit.OfUser:
		return "runs as " + r.User.Name + " by that user's manager, which can grant nothing"
	case r.User.UID != 0 && held == 0 && !r.Unit.Limited:
		return "runs as " + r.User.Name + " with no capability; what it executes is not limited"
	case r.User.UID != 0 && held == 0:
		return "runs as " + r.User.Name + " with no capability"
	case r.User.UID == 0 && !r.Unit.Limited:
		return fmt.Sprintf("unlimited, root with all %d capabilities", caps.All().Len())
	}
	return r.User.Name + " with " + strings.Join(held.Names(), ", ")
}

func (t Result) writeDifference(b *strings.Builder, r discover.Report) {
	t.writeSet(b, "held and not needed: ", r.Held().Minus(r.Capabilities))
	t.writeSet(b, "needed and not held: ", r.Capabilities.Minus(r.Held()))
}

// servesTried says whether the service was used as its clients would.
func servesTried(r discover.Report) bool {
	return slices.ContainsFunc(r.Scenarios, func(s discover.ScenarioNeed) bool { return s.Scenario == discover.Serve })
}

// writeSet prints a set that is not empty; of a long one the number.
func (t Result) writeSet(b *strings.Builder, label string, set caps.Set) {
	if set != 0 {
		t.line(b, label, set.Summary(6))
	}
}
