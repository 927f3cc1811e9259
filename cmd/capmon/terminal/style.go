// Package terminal writes for a person at a terminal: in colour where that is
// wanted, and without letting what others wrote steer the terminal.
package terminal

import (
	"io"
	"os"

	"github.com/fatih/color"
	"golang.org/x/term"

	"github.com/capmon/capmon/trace"
)

// Style colours text for one writer: on a terminal only, and not when
// NO_COLOR is set (no-color.org).
type Style struct{ Pass, Fail, Strong, Faint *color.Color }

// NewStyle is the style of what is written to w.
func NewStyle(w io.Writer) Style {
	s := Style{color.New(color.FgGreen), color.New(color.FgRed), color.New(color.Bold), color.New(color.Faint)}
	_, plain := os.LookupEnv("NO_COLOR")
	for _, c := range []*color.Color{s.Pass, s.Fail, s.Strong, s.Faint} {
		if IsTerminal(w) && !plain {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
	}
	return s
}

// IsTerminal says whether w is a terminal, or stands for a writer that is one.
func IsTerminal(w io.Writer) bool {
	if d, ok := w.(interface{ Unwrap() io.Writer }); ok {
		w = d.Unwrap()
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Verdict is "[PASS]" or "[FAIL]".
func (s Style) Verdict(v trace.Verdict) string {
	if v == trace.Pass {
		return s.Pass.Sprint("[PASS]")
	}
	return s.Fail.Sprint("[FAIL]")
}
