package traceoutput

import (
	"fmt"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/trace"
)

// writeTree draws the processes below those that started them.
func writeTree(b *strings.Builder, s terminal.Screen, r Report, all bool) {
	children := map[int][]int{}
	for i, p := range r.Processes {
		children[p.Parent] = append(children[p.Parent], i)
	}
	checks := map[int][]trace.Check{}
	for i, c := range r.Checks {
		checks[r.processOf[i]] = append(checks[r.processOf[i]], c)
	}
	t := treeWriter{b, s, r, children, checks, all}
	for _, root := range children[-1] {
		t.write(root, "", "")
	}
}

type treeWriter struct {
	b        *strings.Builder
	screen   terminal.Screen
	report   Report
	children map[int][]int
	checks   map[int][]trace.Check
	all      bool
}

// write draws one process: first leads its own line, rest those below it.
func (t treeWriter) write(i int, first, rest string) {
	p := t.report.Processes[i]
	fmt.Fprintln(t.b, t.screen.Fit(fmt.Sprintf("%s%s (%d)  %s", first, terminal.Printable(strings.Join(p.Names, " -> ")), p.PID, p.Outcome)))
	below := t.children[i]
	bar := "  "
	if len(below) > 0 {
		bar = "│ "
	}
	for _, asked := range byCapability(shownChecks(t.checks[i], t.all)) {
		fmt.Fprintf(t.b, "%s%s%s %s\n", rest, bar, t.screen.Verdict(verdictOf(asked)), asked[0].Cap)
	}
	for n, child := range below {
		if n == len(below)-1 {
			t.write(child, rest+"└─ ", rest+"   ")
		} else {
			t.write(child, rest+"├─ ", rest+"│  ")
		}
	}
}
