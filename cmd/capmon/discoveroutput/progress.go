// Package discoveroutput tells a person how a discovery goes, and what it
// found.
package discoveroutput

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/discover"
)

// Progress tells on stderr how a discovery goes, a line for each attempt.
type Progress struct {
	w       io.Writer
	screen  terminal.Screen
	grants  grants
	verbose bool
	live    *live // nil where no line can be written over

	// ended is how many attempts have.
	ended int

	mu   sync.Mutex
	uid0 bool // it was said that attempts are made as uid 0
}

// NewProgress writes to w, whose screen is s; grantable is what "everything" is.
func NewProgress(w io.Writer, s terminal.Screen, grantable caps.Set, verbose bool) *Progress {
	p := &Progress{w: w, screen: s, grants: grants{grantable: grantable}, verbose: verbose}
	if s.Live {
		p.live = newLive(w, s)
	}
	return p
}

// Begin says that an attempt runs.
func (p *Progress) Begin(request discover.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if request.UID0 && !p.uid0 {
		p.uid0 = true
		p.Say("it fails with every capability that can be granted: trying as uid 0, without the power of that")
	}
	if p.live != nil {
		p.live.start(strings.TrimRight(p.label(p.ended+1, p.grants.describe(request.Grant)), " "))
	}
}

// Stop ends the line that counts the time, if there is any.
func (p *Progress) Stop() {
	if p.live != nil {
		p.live.stop()
	}
}

// Live is where the attempts' output goes, to be shown while they run; nil where
// it cannot be.
func (p *Progress) Live() io.Writer {
	if p.live == nil {
		return nil
	}
	return p.live
}

// Say prints a line of capmon's own.
func (p *Progress) Say(format string, args ...any) {
	p.Stop()
	const lead = "capmon discover: "
	fmt.Fprintln(p.w, lead+p.screen.Hang(len(lead), fmt.Sprintf(format, args...)))
}

// End prints how attempt n went.
func (p *Progress) End(n int, a discover.Attempt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Stop()
	p.ended = n
	fmt.Fprintln(p.w, p.line(n, a))
	p.grants.made(a)
	if p.verbose && a.Output != "" {
		p.Output(a.Output)
	}
}

func (p *Progress) label(n int, grant string) string {
	return fmt.Sprintf("attempt %-2d  %-*s", n, grantWidth, grant)
}

// line is cut where the terminal ends; the answer has the whole evidence.
func (p *Progress) line(n int, a discover.Attempt) string {
	lead := p.label(n, p.grants.describe(a.Granted)) + "  "
	c := a.Refusal()
	if a.Success {
		return lead + p.screen.Pass.Sprint(a.Outcome)
	}
	if c == nil {
		return p.screen.Fit(lead + a.Outcome)
	}
	const fail = "[FAIL]"
	lead += fmt.Sprintf("%-8s  ", a.Outcome)
	plain := p.screen.Fit(lead + fmt.Sprintf("%s %s  %s", fail, c.Cap, describeCheck(*c)))
	return strings.Replace(plain, fail, p.screen.Fail.Sprint(fail), 1)
}

// Output shows what the command printed, set off from capmon's own words.
func (p *Progress) Output(text string) {
	for line := range strings.Lines(text) {
		fmt.Fprintf(p.w, "%s%s\n", p.screen.Faint.Sprint("  | "), terminal.Printable(strings.TrimRight(line, "\n")))
	}
}
