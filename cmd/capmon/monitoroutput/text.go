// Package monitoroutput prints what is seen of a machine, live and in the end.
package monitoroutput

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/monitor"
)

// Text prints a line a check, in columns.
type Text struct {
	w      io.Writer
	screen terminal.Screen
	users  userNames
	buf    bytes.Buffer
	lines  bool // some have been printed
}

// The columns have the same widths on a terminal and in a pipe; a value that
// is too long moves the rest of its line. capmon's longest names fit.
const monitorColumns = "%-12s %-15s %7v %7v %-8s %-22s %s %-16s %-28s %v\n"

// NewText prints to w, whose screen is s.
func NewText(w io.Writer, s terminal.Screen) *Text {
	return &Text{w: w, screen: s, users: userNames{}}
}

func (t *Text) Checks(burst []monitor.Event) error {
	if len(burst) == 0 {
		return nil
	}
	t.buf.Reset()
	if t.screen.Width > 0 && !t.lines {
		t.buf.WriteString(t.screen.Strong.Sprintf(monitorColumns, "TIME", "PROCESS", "PID", "PARENT",
			"USER", "CAPABILITY", "VERDICT", "SYSCALL", "FUNCTION", "COUNT"))
	}
	t.lines = true
	for _, c := range burst {
		t.line(c)
	}
	_, err := t.w.Write(t.buf.Bytes())
	return err
}

func (t *Text) line(e monitor.Event) {
	c := e.Check
	verdict := t.screen.Pass
	if c.Verdict == trace.Fail {
		verdict = t.screen.Fail
	}
	fmt.Fprintf(&t.buf, monitorColumns, e.Time.Format("15:04:05.000"), t.name(c.Process.Comm), c.Process.PID, c.Process.PPID,
		t.users.of(e.UID), c.Cap, verdict.Sprintf("%-7s", c.Verdict), orNone(c.Syscall), orNone(c.Function), c.Count)
}

// name is the process's name, which may hold any byte. In a pipe it stays one
// word, escaped as the mount points in /proc/mounts are.
func (t *Text) name(comm string) string {
	if t.screen.Width > 0 {
		return orNone(terminal.Printable(comm))
	}
	var b strings.Builder
	for len(comm) > 0 {
		r, size := utf8.DecodeRuneInString(comm)
		if isAwkward(r, size) {
			for i := range size {
				fmt.Fprintf(&b, `\%03o`, comm[i])
			}
		} else {
			b.WriteString(comm[:size])
		}
		comm = comm[size:]
	}
	return orNone(b.String())
}

// isAwkward says whether a character of so many bytes could be taken for
// something else than a part of the name: a blank, what is not printed or
// changes the direction of what is, what is no UTF-8, and the backslash, which
// stands for them.
func isAwkward(r rune, size int) bool {
	return r == '\\' || r == utf8.RuneError && size == 1 || !unicode.IsPrint(r) || unicode.IsSpace(r)
}

// orNone keeps a column that has nothing to say a word.
func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (t *Text) Summary(s *Summary, _ uint64) error {
	t.buf.Reset()
	groups := s.sorted()
	if t.lines && len(groups) > 0 {
		t.buf.WriteByte('\n')
	}
	for _, g := range groups {
		t.buf.WriteString(g.heading())
		for _, c := range g.asked.Members() {
			fmt.Fprintf(&t.buf, "- %s %s\n", t.screen.Verdict(g.verdict(c)), c)
		}
	}
	_, err := t.w.Write(t.buf.Bytes())
	return err
}
