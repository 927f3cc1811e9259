// Package observe sums up what processes that already run do with their
// capabilities: what they used, were refused, and held without using it.
//
//	o := observe.New(pids)
//	err = m.Run(ctx, func(burst []monitor.Event) error { o.Add(burst); return nil })
//	fmt.Println(o.Processes())
//
// What was seen is no proof: a capability that was not used while somebody
// watched may be needed the next day.
package observe

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/monitor"
)

// Proof is what an observation is worth.
const Proof = "observed, not proven"

// Process is what one process did.
type Process struct {
	trace.Process
	// Known: it could be looked at while it ran, so that Held is known.
	Known bool `json:"known"`
	// UID and GID are its effective ids, when Known.
	UID uint32 `json:"uid"`
	GID uint32 `json:"gid"`
	// Held are its permitted capabilities (CapPrm of proc_pid_status(5)), as
	// they were when it was first seen.
	Held    caps.Set `json:"held"`
	Used    []Count  `json:"used"`
	Refused []Count  `json:"refused"`
	// Unaudited are checks that passed and that the kernel does not audit: most
	// are for its own accounts, as of memory, and would not be missed.
	Unaudited []Count `json:"unaudited"`
	// NeverUsed are those held that were not checked at all.
	NeverUsed caps.Set `json:"never_used"`
}

// Count is how often a capability was checked.
type Count struct {
	Cap   caps.Cap `json:"capability"`
	Count uint64   `json:"count"`
	// Syscall is the system call of the first check, "" if there was none.
	Syscall string `json:"syscall"`
}

// Observation sums up the checks of processes.
type Observation struct {
	processes map[program]*Process
}

// program is one process as long as it executes one thing.
type program struct {
	pid  int
	comm string
}

// New begins with processes that run.
func New(pids []int) *Observation {
	o := &Observation{processes: map[program]*Process{}}
	o.AddProcesses(pids)
	return o
}

// AddProcesses adds processes that run by now.
func (o *Observation) AddProcesses(pids []int) {
	for _, pid := range pids {
		o.process(trace.Process{PID: pid})
	}
}

// Add counts a burst of checks.
func (o *Observation) Add(burst []monitor.Event) {
	for _, e := range burst {
		p := o.process(e.Check.Process)
		switch {
		case !e.Check.InitialNS:
			// It is held in another user namespace, and not by grant.
		case e.Check.Verdict == trace.Pass && e.Check.Audited:
			p.Used = count(p.Used, e.Check)
		case e.Check.Verdict == trace.Pass:
			p.Unaudited = count(p.Unaudited, e.Check)
		case e.Check.Audited:
			p.Refused = count(p.Refused, e.Check)
		}
	}
}

func count(list []Count, c trace.Check) []Count {
	for i := range list {
		if list[i].Cap == c.Cap {
			list[i].Count += c.Count
			return list
		}
	}
	return append(list, Count{c.Cap, c.Count, c.Syscall})
}

// process is the one of that id and name, which is looked at when it is new.
func (o *Observation) process(p trace.Process) *Process {
	if known := o.processes[program{p.PID, p.Comm}]; known != nil {
		return known
	}
	seen := &Process{Process: p, Used: []Count{}, Refused: []Count{}, Unaudited: []Count{}}
	seen.look()
	key := program{p.PID, seen.Comm}
	if known := o.processes[key]; known != nil {
		return known
	}
	o.processes[key] = seen
	return seen
}

// look reads what /proc says of the process, if it still runs.
func (p *Process) look() {
	dir := "/proc/" + strconv.Itoa(p.PID)
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":\t")
		switch key {
		case "Name":
			p.Comm = cmp.Or(p.Comm, value)
		case "PPid":
			if n, err := strconv.Atoi(value); err == nil && p.PPID == 0 {
				p.PPID = n
			}
		case "Uid":
			p.UID = effective(value)
		case "Gid":
			p.GID = effective(value)
		case "CapPrm":
			if mask, err := strconv.ParseUint(value, 16, 64); err == nil {
				p.Held, p.Known = caps.Set(mask), true
			}
		}
	}
	if exe, err := os.Readlink(dir + "/exe"); err == nil {
		p.Exe = cmp.Or(p.Exe, exe)
	}
}

// effective is the second of the ids that proc_pid_status(5) lists: real,
// effective, saved, file system.
func effective(ids string) uint32 {
	fields := strings.Fields(ids)
	if len(fields) < 2 {
		return 0
	}
	id, err := strconv.ParseUint(fields[1], 10, 32)
	if err != nil {
		return 0
	}
	return uint32(id)
}

// Processes are in the order of their ids.
func (o *Observation) Processes() []Process {
	list := []Process{}
	for _, p := range o.processes {
		done := *p
		done.NeverUsed = p.Held.Minus(setOf(p.Used) | setOf(p.Unaudited))
		byCap := func(a, b Count) int { return cmp.Compare(a.Cap, b.Cap) }
		slices.SortFunc(done.Used, byCap)
		slices.SortFunc(done.Refused, byCap)
		slices.SortFunc(done.Unaudited, byCap)
		list = append(list, done)
	}
	slices.SortFunc(list, func(a, b Process) int { return cmp.Or(cmp.Compare(a.PID, b.PID), cmp.Compare(a.Comm, b.Comm)) })
	return list
}

func setOf(list []Count) caps.Set {
	var s caps.Set
	for _, c := range list {
		s = s.With(c.Cap)
	}
	return s
}

// Total is what all processes did together.
type Total struct {
	Held      caps.Set `json:"held"`
	Used      caps.Set `json:"used"`
	Refused   caps.Set `json:"refused"`
	Unaudited caps.Set `json:"unaudited"`
	NeverUsed caps.Set `json:"never_used"`
}

// TotalOf sums up processes.
func TotalOf(list []Process) Total {
	var t Total
	for _, p := range list {
		t.Held |= p.Held
		t.Used |= setOf(p.Used)
		t.Refused |= setOf(p.Refused)
		t.Unaudited |= setOf(p.Unaudited)
	}
	t.NeverUsed = t.Held.Minus(t.Used | t.Unaudited)
	return t
}

// Tree is a process with its descendants that run now. The error is one
// sentence.
func Tree(pid int) ([]int, error) {
	if _, err := os.Stat("/proc/" + strconv.Itoa(pid)); err != nil {
		return nil, fmt.Errorf("there is no process %d", pid)
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	parents := map[int]int{}
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		// The name may hold anything, so fields count from its last parenthesis.
		text := string(stat)
		if fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:]); len(fields) > 1 {
			parents[id], _ = strconv.Atoi(fields[1])
		}
	}
	tree := []int{pid}
	for i := 0; i < len(tree); i++ {
		for id, parent := range parents {
			if parent == tree[i] {
				tree = append(tree, id)
			}
		}
	}
	return tree, nil
}
