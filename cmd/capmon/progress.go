package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/trace"
)

// progress tells on stderr how a discovery goes, a line for each attempt.
type progress struct {
	w         io.Writer
	style     style
	grantable caps.Set
	verbose   bool
	live      bool // a terminal, where a line can be written over

	// offset is how many attempts an earlier search made, whose numbers go
	// on; ended is how many this one has.
	offset, ended int

	mu        sync.Mutex
	stopCount func() // nil while nothing is counted
}

func newProgress(w io.Writer, grantable caps.Set, verbose bool) *progress {
	return &progress{
		w: w, style: newStyle(w), grantable: grantable, verbose: verbose,
		live: isTerminal(w),
	}
}

// begin says that an attempt runs. On a terminal it counts the seconds of one
// that takes long; of several at the same time, of the first.
func (p *progress) begin(grant caps.Set) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.live || p.stopCount != nil {
		return
	}
	done := make(chan struct{})
	finished := make(chan struct{})
	number := p.offset + p.ended + 1
	go func() {
		defer close(finished)
		p.count(number, grant, done)
	}()
	p.stopCount = func() { close(done); <-finished }
}

// stop ends the counting, if there is any.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopCount != nil {
		p.stopCount()
		p.stopCount = nil
	}
}

func (p *progress) count(n int, grant caps.Set, done <-chan struct{}) {
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

// say prints a line of capmon's own.
func (p *progress) say(format string, args ...any) {
	fmt.Fprintf(p.w, "capmon discover: "+format+"\n", args...)
}

// end prints how the attempt went that has the number n in its search.
func (p *progress) end(n int, a discover.Attempt) {
	p.stop()
	p.ended = n
	fmt.Fprintf(p.w, "%s  %s%s\n", p.label(p.offset+n, a.Granted), p.outcome(a), p.refusal(a))
	if p.verbose && a.Output != "" {
		p.output(a.Output)
	}
}

func (p *progress) label(n int, grant caps.Set) string {
	return fmt.Sprintf("attempt %-2d  %-20s", n, describeGrant(grant, p.grantable))
}

func (p *progress) outcome(a discover.Attempt) string {
	text := fmt.Sprintf("%-8s", a.Outcome)
	if a.Success {
		return p.style.pass.Sprint(text)
	}
	return text
}

func (p *progress) refusal(a discover.Attempt) string {
	c := a.Refusal()
	if a.Success || c == nil {
		return ""
	}
	return fmt.Sprintf("  %s %s  %s", p.style.fail.Sprint("[FAIL]"), c.Cap, describeCheck(*c))
}

// output shows what the command printed, set off from capmon's own words.
func (p *progress) output(text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(p.w, "%s%s\n", p.style.faint.Sprint("  | "), printable(strings.TrimRight(line, "\n")))
	}
}

// printable keeps a command's output from steering the terminal.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && !unicode.IsPrint(r) {
			return '�'
		}
		return r
	}, line)
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
	text := printable(c.Process.Comm)
	if c.Syscall != "" {
		text += ": " + c.Syscall
	}
	if errno := c.Errno(); errno != 0 {
		text += " = " + unix.ErrnoName(errno)
	}
	if c.Function != "" {
		text += " -> " + c.Function
	}
	return text
}
