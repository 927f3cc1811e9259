package monitoroutput

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/trace"
)

// maxGroups bounds the memory of a summary; what comes later is put together
// as the others.
const maxGroups = 10_000

// Summary is what a monitor has seen since it began.
type Summary struct {
	byPID  bool
	groups map[groupKey]verdicts
	others verdicts
}

// groupKey is the name of a process, and its pid if they are told apart.
type groupKey struct {
	comm string
	pid  int
}

// verdicts are the capabilities that were checked, and those of them that
// were refused at least once.
type verdicts struct{ asked, refused caps.Set }

// NewSummary is empty; byPID tells processes of one name apart.
func NewSummary(byPID bool) *Summary {
	return &Summary{byPID: byPID, groups: map[groupKey]verdicts{}}
}

// Add counts one check, or its repeats.
func (s *Summary) Add(c trace.Check) {
	key := groupKey{comm: c.Process.Comm}
	if s.byPID {
		key.pid = c.Process.PID
	}
	v, known := s.groups[key]
	if !known && len(s.groups) >= maxGroups {
		s.others = s.others.with(c)
		return
	}
	s.groups[key] = v.with(c)
}

func (v verdicts) with(c trace.Check) verdicts {
	v.asked = v.asked.With(c.Cap)
	if c.Verdict == trace.Fail {
		v.refused = v.refused.With(c.Cap)
	}
	return v
}

// verdict is FAIL if any of the checks was refused: a PASS does not hide it.
func (v verdicts) verdict(c caps.Cap) trace.Verdict {
	if v.refused.Has(c) {
		return trace.Fail
	}
	return trace.Pass
}

// group is one paragraph of a summary.
type group struct {
	groupKey
	verdicts
	others bool
}

func (g group) heading() string {
	switch {
	case g.others:
		return "[and others]\n"
	case g.pid != 0:
		return fmt.Sprintf("[%s %d]\n", terminal.Printable(g.comm), g.pid)
	}
	return fmt.Sprintf("[%s]\n", terminal.Printable(g.comm))
}

// sorted lists the groups by name and pid, the others last.
func (s *Summary) sorted() []group {
	groups := make([]group, 0, len(s.groups)+1)
	for key, v := range s.groups {
		groups = append(groups, group{groupKey: key, verdicts: v})
	}
	slices.SortFunc(groups, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.comm, b.comm), cmp.Compare(a.pid, b.pid))
	})
	if s.others.asked != 0 {
		groups = append(groups, group{verdicts: s.others, others: true})
	}
	return groups
}
