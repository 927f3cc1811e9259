// Package observeoutput tells what was seen of processes that already ran.
package observeoutput

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/trace/observe"
)

// Schema names the version of the JSON form (docs/observe.schema.json).
const Schema = "capmon.observe/1"

// Report is what was observed.
type Report struct {
	Schema  string `json:"schema"`
	Version string `json:"version"`
	Kernel  string `json:"kernel"`
	Backend string `json:"backend"`
	// Target is what was asked for: "pid 1", "unit nginx.service".
	Target string `json:"target"`
	// Since is when the watching began, Seconds how long it lasted.
	Since   time.Time `json:"since"`
	Seconds float64   `json:"seconds"`
	// Proof is "observed, not proven".
	Proof     string            `json:"proof"`
	Lost      uint64            `json:"lost"`
	Total     observe.Total     `json:"total"`
	Processes []observe.Process `json:"processes"`
}

// Write prints the report for a person.
func Write(w io.Writer, r Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s for %s since %s, by %s\n", r.Proof, terminal.Printable(r.Target),
		time.Duration(r.Seconds*float64(time.Second)).Round(time.Second), r.Since.Format(time.DateTime), r.Backend)
	writeSet(&b, "used", r.Total.Used)
	writeSet(&b, "refused", r.Total.Refused)
	if only := r.Total.Unaudited.Minus(r.Total.Used); only != 0 {
		fmt.Fprintf(&b, "checked without audit: %s (mostly for the kernel's own accounts)\n", shortly(only))
	}
	writeSet(&b, "held and never used", r.Total.NeverUsed)
	quiet := 0
	for _, g := range groups(r.Processes) {
		if len(g.Used)+len(g.Refused) == 0 {
			quiet += g.members
			continue
		}
		g.write(&b)
	}
	if quiet > 0 {
		fmt.Fprintf(&b, "\n%d of %d processes asked for nothing\n", quiet, len(r.Processes))
	}
	if r.Lost > 0 {
		fmt.Fprintf(&b, "\n%d records were lost: more may have been used\n", r.Lost)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// group is one process, or all of one name that had ended before they could be
// looked at: those come and go.
type group struct {
	observe.Process
	members int
}

func groups(processes []observe.Process) []group {
	var list []group
	ended := map[string]int{}
	for _, p := range processes {
		at, again := ended[p.Comm]
		if p.Known || !again {
			ended[p.Comm] = len(list)
			if p.Known {
				delete(ended, p.Comm)
			}
			list = append(list, group{p, 1})
			continue
		}
		list[at].members++
		list[at].Used = added(list[at].Used, p.Used)
		list[at].Refused = added(list[at].Refused, p.Refused)
		list[at].Unaudited = added(list[at].Unaudited, p.Unaudited)
	}
	return list
}

// added is a with the counts of b.
func added(a, b []observe.Count) []observe.Count {
	sum := slices.Clone(a)
	for _, c := range b {
		i := slices.IndexFunc(sum, func(other observe.Count) bool { return other.Cap == c.Cap })
		if i < 0 {
			sum = append(sum, c)
			continue
		}
		sum[i].Count += c.Count
	}
	return sum
}

func (g group) write(b *strings.Builder) {
	who := fmt.Sprint(g.PID)
	if g.members > 1 {
		who = fmt.Sprintf("%d processes", g.members)
	}
	fmt.Fprintf(b, "\n%s (%s)\n", terminal.Printable(g.Comm), who)
	for _, c := range g.Used {
		fmt.Fprintf(b, "  used    %-22s %6d  %s\n", c.Cap, c.Count, c.Syscall)
	}
	for _, c := range g.Refused {
		fmt.Fprintf(b, "  refused %-22s %6d  %s\n", c.Cap, c.Count, c.Syscall)
	}
	switch {
	case !g.Known:
		b.WriteString("  ended before it could be looked at\n")
	case g.NeverUsed != 0:
		fmt.Fprintf(b, "  held and never used: %s\n", shortly(g.NeverUsed))
	}
}

func writeSet(b *strings.Builder, what string, set caps.Set) {
	fmt.Fprintf(b, "%s: %s\n", what, shortly(set))
}

// shortly names the members, or counts them if there are many.
func shortly(set caps.Set) string { return cmp.Or(set.Summary(8), "nothing") }
