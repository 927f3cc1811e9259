// Package traceoutput prints what was seen of one run of a command.
package traceoutput

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/follow"
)

const Schema = "capmon.trace/1"

// Report is what `capmon '<cmd>' --json` prints (docs/trace.schema.json).
type Report struct {
	Schema string `json:"schema"`
	// Version is that of capmon.
	Version string   `json:"version"`
	Command []string `json:"command"`
	User    string   `json:"user"`
	Kernel  string   `json:"kernel"`
	Backend string   `json:"backend"`
	// Exit is the exit status with which capmon ends.
	Exit int `json:"exit"`
	// Processes are in the order in which they began.
	Processes []tracedProcess `json:"processes"`
	// Checks are all that reached cap_capable, audited or not.
	Checks []trace.Check `json:"checks"`
	// Running are the processes that outlived the command.
	Running []RunningProcess `json:"running"`
	Lost    uint64           `json:"lost"`
	// Folded: there were more than follow.MostRecords checks, so those of
	// processes of the same name are counted with the latest of them.
	Folded bool `json:"folded"`

	// processOf is the index in Processes for each of Checks, or -1.
	processOf []int
}

type RunningProcess struct {
	PID  int    `json:"pid"`
	Name string `json:"name"`
}

// tracedProcess is one process from its fork to its end.
type tracedProcess struct {
	PID  int `json:"pid"`
	PPID int `json:"ppid"`
	// Parent is the index in Processes of the one that started it, -1 for
	// the command itself. Unlike PPID it outlives the parent, and tells pids
	// that were used twice apart.
	Parent int `json:"parent"`
	// Names are what it was called, in turn: one more for each exec.
	Names []string `json:"names"`
	// Executables are what it executed, in turn.
	Executables []string `json:"executables"`
	// Outcome is how it ended: "exit 0", "killed by SIGTERM", "runs".
	Outcome string `json:"outcome"`
}

// Add puts what was seen into the report: images become processes.
func (r *Report) Add(seen trace.Trace) {
	r.Checks, r.Lost, r.Folded = seen.Checks, seen.Lost, seen.Folded
	if os.Getuid() != 0 {
		hideArguments(r.Checks)
	}
	processOf := make([]int, len(seen.Images))
	r.Processes = make([]tracedProcess, 0, len(seen.Images))
	for i, image := range seen.Images {
		continued := image.Parent >= 0 && image.Executed
		if continued {
			processOf[i] = processOf[image.Parent]
		} else {
			processOf[i] = len(r.Processes)
			r.Processes = append(r.Processes, newTracedProcess(image, processOf))
		}
		r.Processes[processOf[i]].took(image)
	}
	r.processOf = make([]int, len(seen.Checks))
	for i, c := range seen.Checks {
		r.processOf[i] = -1
		if c.Image >= 0 {
			r.processOf[i] = processOf[c.Image]
		}
	}
}

// hideArguments leaves out what mmap(2) and brk(2) returned and what calls were
// given: the caller of a set-user-ID program must not learn where it lies in
// memory, nor what is in it.
func hideArguments(checks []trace.Check) {
	for i := range checks {
		checks[i].Argument = ""
		if checks[i].Errno() == 0 {
			checks[i].Return = 0
		}
	}
}

func newTracedProcess(image trace.Image, processOf []int) tracedProcess {
	p := tracedProcess{PID: image.PID, PPID: image.PPID, Parent: -1}
	if image.Parent >= 0 {
		p.Parent = processOf[image.Parent]
	}
	return p
}

// took notes the next name of the process, and how it stands.
func (p *tracedProcess) took(image trace.Image) {
	if n := len(p.Names); n == 0 || p.Names[n-1] != image.Comm {
		p.Names = append(p.Names, image.Comm)
	}
	if image.Executed {
		p.Executables = append(p.Executables, image.Exe)
	}
	switch {
	case image.End == 0 || image.Replaced:
		p.Outcome = "runs"
	case image.Status.Signaled():
		p.Outcome = "killed by " + unix.SignalName(image.Status.Signal())
	case image.Status == 0:
		p.Outcome = "exit 0" // as most do: one text for all
	default:
		p.Outcome = fmt.Sprintf("exit %d", image.Status.ExitStatus())
	}
}

// shownChecks are those that a report shows without -a: what the kernel would
// log, asked of the initial user namespace.
func shownChecks(checks []trace.Check, all bool) []trace.Check {
	if all {
		return checks
	}
	var shown []trace.Check
	for _, c := range checks {
		if c.Audited && c.InitialNS {
			shown = append(shown, c)
		}
	}
	return shown
}

// Notes are what to say besides the report: processes that still run,
// losses, and where to look for what it does not show.
func Notes(r Report, f Form) []string {
	var notes []string
	if len(r.Running) > 0 {
		notes = append(notes, stillRunning(r.Running))
	}
	if r.Lost > 0 {
		notes = append(notes, fmt.Sprintf("%d records were lost: the report is not complete", r.Lost))
	}
	if r.Folded {
		notes = append(notes, fmt.Sprintf("there were more than %d different checks: those of processes of the same name are counted with the latest of them", follow.MostRecords))
	}
	if hint := unauditedHint(r, f); hint != "" {
		notes = append(notes, hint)
	}
	return notes
}

// stillRunning is the line about processes that outlived the command.
func stillRunning(left []RunningProcess) string {
	const most = 5
	names := make([]string, 0, most)
	for _, p := range left[:min(len(left), most)] {
		names = append(names, fmt.Sprintf("%s (%d)", terminal.Printable(p.Name), p.PID))
	}
	list := strings.Join(names, ", ")
	if more := len(left) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	if len(left) == 1 {
		return fmt.Sprintf("1 process of the command still runs: %s; --wait follows it to its end", list)
	}
	return fmt.Sprintf("%d processes of the command still run: %s; --wait follows them to their end", len(left), list)
}

// Form is how a report is written.
type Form struct {
	JSON, Tree bool
	// All: unaudited checks and those against other user namespaces too.
	All bool
	// Verbose is 1 for a line for each check, 2 for its stack too.
	Verbose int
}

// Write writes the report for the screen s.
func Write(w io.Writer, s terminal.Screen, r Report, f Form) error {
	if f.JSON {
		return writeJSON(w, r)
	}
	b := &strings.Builder{}
	shown := shownChecks(r.Checks, f.All)
	switch {
	case f.Tree:
		writeTree(b, s, r, f.All)
	case len(shown) == 0:
		b.WriteString(noChecks(len(r.Checks)))
	default:
		writeByName(b, s, shown, f.Verbose)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// noChecks is a report without checks, where some may not be shown.
func noChecks(hidden int) string {
	const text = "no capability was checked"
	if hidden == 0 {
		return text + "\n"
	}
	return fmt.Sprintf("%s; -a shows the checks that are not audited or concern another user namespace (%d)\n", text, hidden)
}

// unauditedHint is for a command that failed although the report shows no
// refusal.
func unauditedHint(r Report, f Form) string {
	refused := func(c trace.Check) bool { return c.Verdict == trace.Fail }
	if f.JSON || f.All || r.Exit == 0 || slices.ContainsFunc(shownChecks(r.Checks, false), refused) {
		return ""
	}
	if slices.ContainsFunc(r.Checks, refused) {
		return "the command failed, and only unaudited checks were refused: -a shows them"
	}
	return ""
}

// writeByName groups the checks by the name of the process. A capability
// counts as refused if it was refused to any process of that name.
func writeByName(b *strings.Builder, s terminal.Screen, checks []trace.Check, verbose int) {
	var names []string
	byName := map[string][]trace.Check{}
	for _, c := range checks {
		if _, ok := byName[c.Process.Comm]; !ok {
			names = append(names, c.Process.Comm)
		}
		byName[c.Process.Comm] = append(byName[c.Process.Comm], c)
	}
	for _, name := range names {
		fmt.Fprintf(b, "[%s]\n", terminal.Printable(name))
		for _, asked := range byCapability(byName[name]) {
			fmt.Fprintf(b, "- %s %s\n", s.Verdict(verdictOf(asked)), asked[0].Cap)
			if verbose > 0 {
				writeDetails(b, s, asked, verbose)
			}
		}
	}
}

// byCapability groups checks by capability, in the order of their numbers.
func byCapability(checks []trace.Check) [][]trace.Check {
	groups := map[caps.Cap][]trace.Check{}
	var asked caps.Set
	for _, c := range checks {
		groups[c.Cap] = append(groups[c.Cap], c)
		asked = asked.With(c.Cap)
	}
	var list [][]trace.Check
	for _, c := range asked.Members() {
		list = append(list, groups[c])
	}
	return list
}

func verdictOf(checks []trace.Check) trace.Verdict {
	for _, c := range checks {
		if c.Verdict == trace.Fail {
			return trace.Fail
		}
	}
	return trace.Pass
}

// writeDetails has a line for each check: who, where, how often.
func writeDetails(b *strings.Builder, s terminal.Screen, checks []trace.Check, verbose int) {
	for _, c := range checks {
		text := DescribeCall(c)
		if c.Count > 1 {
			text += fmt.Sprintf("  %d times", c.Count)
		}
		for _, note := range CheckNotes(c) {
			text += "  " + s.Faint.Sprintf("(%s)", note)
		}
		lead := fmt.Sprintf("    [%s] pid %d  ", c.Verdict, c.Process.PID)
		fmt.Fprintf(b, "    %s pid %d  %s\n", s.Verdict(c.Verdict), c.Process.PID, s.Hang(len(lead), text))
		if verbose > 1 {
			for _, f := range c.Stack {
				fmt.Fprintf(b, "        %s\n", f)
			}
		}
	}
}

// DescribeCall says in which system call a check was made, what that returned,
// and by which kernel function, and with what: "openat = EACCES ->
// generic_permission, /etc/shadow".
func DescribeCall(c trace.Check) string {
	text := c.Syscall
	switch {
	case text == "":
		text = "no system call"
	case !c.Returned:
		text += " (did not return)"
	case c.Errno() != 0:
		text += " = " + unix.ErrnoName(c.Errno())
	default:
		text += fmt.Sprintf(" = %d", c.Return)
	}
	if c.Function != "" {
		text += " -> " + c.Function
	}
	if c.Argument != "" {
		text += ", " + terminal.Printable(c.Argument)
	}
	return text
}

// CheckNotes are what sets a check apart from the ordinary one.
func CheckNotes(c trace.Check) []string {
	var notes []string
	if !c.Audited {
		notes = append(notes, "unaudited")
	}
	if !c.InitialNS {
		notes = append(notes, "another user namespace")
	}
	if !c.OwnCreds {
		notes = append(notes, "other credentials than the task's own")
	}
	return notes
}
