package page

import (
	"fmt"

	"github.com/capmon/capmon/cmd/capmon/traceoutput"
	"github.com/capmon/capmon/trace"
)

// described is a process of which more is known than its checks say.
type described struct {
	name    string
	pid     int
	parent  int // the index of the process that started it, -1 for none
	outcome string
}

// treeOf puts checks where they happened: below the processes that made them,
// and those below the processes that started them.
func treeOf(b *budget, known []described, checks []trace.Check) []*Process {
	t := tree{budget: b, byPID: map[int]*Process{}, rows: map[row]*Check{}}
	nodes := make([]*Process, len(known))
	for i, d := range known {
		if !take(&b.processes, &b.noProcesses) {
			continue
		}
		nodes[i] = &Process{Name: d.name, PID: d.pid, Outcome: d.outcome}
		t.byPID[d.pid] = nodes[i]
		t.place(nodes[i], at(nodes, d.parent))
	}
	for _, c := range checks {
		if p := t.process(c.Process); p != nil {
			t.add(p, c)
		}
	}
	t.finish()
	return t.roots
}

type tree struct {
	budget *budget
	byPID  map[int]*Process
	roots  []*Process
	rows   map[row]*Check
	order  []placed
}

// row is what two checks must share to be one line.
type row struct {
	process *Process
	text    string
}

type placed struct {
	process *Process
	check   *Check
}

func at(nodes []*Process, i int) *Process {
	if i < 0 || i >= len(nodes) {
		return nil
	}
	return nodes[i]
}

func (t *tree) place(p, parent *Process) {
	if parent == nil {
		t.roots = append(t.roots, p)
		return
	}
	parent.Children = append(parent.Children, p)
}

// process returns the node of the process that made a check, nil where no more
// fit.
func (t *tree) process(p trace.Process) *Process {
	node := t.byPID[p.PID]
	if node == nil {
		if !take(&t.budget.processes, &t.budget.noProcesses) {
			return nil
		}
		node = &Process{Name: p.Comm, PID: p.PID}
		t.byPID[p.PID] = node
		parent := t.byPID[p.PPID]
		if parent == node {
			parent = nil
		}
		t.place(node, parent)
	}
	return node
}

func (t *tree) add(p *Process, c trace.Check) {
	shown := Check{Cap: c.Cap.String(), Passed: c.Verdict == trace.Pass, Call: call(p.Name, c)}
	notes := notesOf(c)
	key := row{p, fmt.Sprint(shown, notes)}
	if known := t.rows[key]; known != nil {
		known.Count += max(c.Count, 1)
		return
	}
	if !take(&t.budget.checks, &t.budget.noChecks) {
		return
	}
	shown.Count, shown.Notes, shown.Stack = max(c.Count, 1), notes, t.budget.stack(c.Stack)
	kept := &shown
	t.rows[key] = kept
	t.order = append(t.order, placed{p, kept})
}

// finish hands the counted checks to their processes.
func (t *tree) finish() {
	for _, o := range t.order {
		o.process.Checks = append(o.process.Checks, *o.check)
	}
}

// call says in which system call, with which result, and by which function.
func call(name string, c trace.Check) string {
	text := traceoutput.DescribeCall(c)
	if c.Process.Comm != name {
		text = c.Process.Comm + ": " + text
	}
	return text
}

func notesOf(c trace.Check) []string {
	notes := traceoutput.CheckNotes(c)
	if c.Scenario != "" {
		notes = append(notes, string(c.Scenario))
	}
	return notes
}
