// Package terminal writes for a person at a terminal: in colour where that is
// wanted, within its width, and without letting what others wrote steer it.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fatih/color"
	"golang.org/x/term"

	"github.com/capmon/capmon/trace"
)

// When says when output has colours.
type When string

const (
	// Auto: on a terminal that is not dumb, unless NO_COLOR is set
	// (no-color.org).
	Auto   When = "auto"
	Always When = "always"
	Never  When = "never"
)

// ParseWhen reads a When.
func ParseWhen(text string) (When, error) {
	switch w := When(text); w {
	case Auto, Always, Never:
		return w, nil
	}
	return "", fmt.Errorf("%q is not one of %s, %s and %s", text, Auto, Always, Never)
}

// Screen is how to write to one writer.
type Screen struct {
	Pass, Fail, Strong, Faint *color.Color
	// Width is how many columns a terminal has, at least MinWidth; 0 for
	// what is no terminal, where a line is as long as it is.
	Width int
	// Live: a line can be written over.
	Live bool
}

// MinWidth is the number of columns that what is printed needs.
const MinWidth = 60

// NewScreen is the screen behind w.
func NewScreen(w io.Writer, when When) Screen {
	s := Screen{Pass: color.New(color.FgGreen), Fail: color.New(color.FgRed), Strong: color.New(color.Bold), Faint: color.New(color.Faint)}
	file := terminalOf(w)
	dumb := os.Getenv("TERM") == "dumb"
	if file != nil {
		s.Live = !dumb
		s.Width = width(file)
	}
	_, plain := os.LookupEnv("NO_COLOR")
	coloured := when == Always || when != Never && file != nil && !dumb && !plain
	for _, c := range []*color.Color{s.Pass, s.Fail, s.Strong, s.Faint} {
		if coloured {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
	}
	return s
}

func width(terminal *os.File) int {
	columns, _, err := term.GetSize(int(terminal.Fd()))
	if err != nil || columns == 0 {
		return 80 // as terminfo has it for what does not say
	}
	return max(columns, MinWidth)
}

// terminalOf returns the terminal that w is or stands for, nil if it is none.
func terminalOf(w io.Writer) *os.File {
	if d, ok := w.(interface{ Unwrap() io.Writer }); ok {
		w = d.Unwrap()
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return f
	}
	return nil
}

// Verdict is "[PASS]" or "[FAIL]".
func (s Screen) Verdict(v trace.Verdict) string {
	if v == trace.Pass {
		return s.Pass.Sprint("[PASS]")
	}
	return s.Fail.Sprint("[FAIL]")
}

// Hang writes text behind a lead of so many columns that has been written
// already, and what does not fit on further lines below it.
func (s Screen) Hang(lead int, text string) string {
	if s.Width == 0 {
		return text
	}
	return strings.Join(Wrap(text, s.Width-lead), "\n"+strings.Repeat(" ", lead))
}

// Fit cuts what does not fit off one line. The text must not hold colours.
func (s Screen) Fit(line string) string {
	runes := []rune(line)
	if s.Width == 0 || len(runes) <= s.Width {
		return line
	}
	return string(runes[:s.Width-3]) + "..."
}
