// Package discoveroutput tells a person how a discovery goes, and what it
// found.
package discoveroutput

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/trace"
)

// Progress tells on stderr how a discovery goes, a line for each attempt.
type Progress struct {
	w         io.Writer
	style     terminal.Style
	grantable caps.Set
	verbose   bool
	live      bool // a terminal, where a line can be written over

	// ended is how many attempts have.
	ended int

	mu        sync.Mutex
	stopCount func() // nil while nothing is counted
	uid0      bool   // it was said that attempts are made as uid 0
}

// NewProgress writes to w; grantable is what "everything" is.
func NewProgress(w io.Writer, grantable caps.Set, verbose bool) *Progress {
	return &Progress{
		w: w, style: terminal.NewStyle(w), grantable: grantable, verbose: verbose,
		live: terminal.IsTerminal(w),
	}
}

// Begin says that an attempt runs. On a terminal it counts the seconds of one
// that takes long; of several at the same time, of the first.
func (p *Progress) Begin(request discover.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if request.UID0 && !p.uid0 {
		p.uid0 = true
		p.Say("it fails with every capability that can be granted: trying as uid 0, without the power of that")
	}
	if !p.live || p.stopCount != nil {
		return
	}
	done := make(chan struct{})
	finished := make(chan struct{})
	number := p.ended + 1
	go func() {
		defer close(finished)
		p.count(number, request.Grant, done)
	}()
	p.stopCount = func() { close(done); <-finished }
}

// Stop ends the counting, if there is any.
func (p *Progress) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopCount != nil {
		p.stopCount()
		p.stopCount = nil
	}
}

func (p *Progress) count(n int, grant caps.Set, done <-chan struct{}) {
	began := time.Now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	const clearLine = "\r\x1b[K"
	for {
		select {
		case <-done:
			fmt.Fprint(p.w, clearLine)
			return
		case <-tick.C:
			fmt.Fprintf(p.w, clearLine+"%s  running for %.0f s", p.label(n, grant), time.Since(began).Seconds())
		}
	}
}

// Say prints a line of capmon's own.
func (p *Progress) Say(format string, args ...any) {
	fmt.Fprintf(p.w, "capmon discover: "+format+"\n", args...)
}

// End prints how attempt n went.
func (p *Progress) End(n int, a discover.Attempt) {
	p.Stop()
	p.ended = n
	fmt.Fprintf(p.w, "%s  %s%s\n", p.label(n, a.Granted), p.outcome(a), p.refusal(a))
	if p.verbose && a.Output != "" {
		p.Output(a.Output)
	}
}

func (p *Progress) label(n int, grant caps.Set) string {
	return fmt.Sprintf("attempt %-2d  %-20s", n, describeGrant(grant, p.grantable))
}

func (p *Progress) outcome(a discover.Attempt) string {
	text := fmt.Sprintf("%-8s", a.Outcome)
	if a.Success {
		return p.style.Pass.Sprint(text)
	}
	return text
}

func (p *Progress) refusal(a discover.Attempt) string {
	c := a.Refusal()
	if a.Success || c == nil {
		return ""
	}
	return fmt.Sprintf("  %s %s  %s", p.style.Fail.Sprint("[FAIL]"), c.Cap, describeCheck(*c))
}

// Output shows what the command printed, set off from capmon's own words.
func (p *Progress) Output(text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(p.w, "%s%s\n", p.style.Faint.Sprint("  | "), terminal.Printable(strings.TrimRight(line, "\n")))
	}
}

// describeGrant names a grant in few words.
func describeGrant(grant, grantable caps.Set) string {
	const most = 3
	switch {
	case grant == 0:
		return "nothing granted"
	case grant == grantable && grant.Len() > most:
		return "everything granted"
	case grant.Len() > most:
		names := strings.Split(grant.String(), ",")
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most-1], ","), len(names)-most+1)
	}
	return grant.String()
}

// describeCheck says who asked for what: "ip: sendmsg -> rtnetlink_rcv_msg".
func describeCheck(c trace.Check) string {
	text := describeCall(c)
	if c.Function != "" {
		text += " -> " + c.Function
	}
	return text
}

// describeCall says in which system call, and of what: "cat: openat = EACCES".
func describeCall(c trace.Check) string {
	text := terminal.Printable(c.Process.Comm)
	if c.Syscall != "" {
		text += ": " + c.Syscall
	}
	if errno := c.Errno(); errno != 0 {
		text += " = " + unix.ErrnoName(errno)
	}
	return text
}
