package main

import (
	"io"
	"os"

	"github.com/fatih/color"
	"golang.org/x/term"

	"github.com/capmon/capmon/trace"
)

// style colours text for one writer: on a terminal only, and not when
// NO_COLOR is set (no-color.org).
type style struct{ pass, fail, strong, faint *color.Color }

func newStyle(w io.Writer) style {
	s := style{color.New(color.FgGreen), color.New(color.FgRed), color.New(color.Bold), color.New(color.Faint)}
	_, plain := os.LookupEnv("NO_COLOR")
	for _, c := range []*color.Color{s.pass, s.fail, s.strong, s.faint} {
		if isTerminal(w) && !plain {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
	}
	return s
}

func isTerminal(w io.Writer) bool {
	if d, ok := w.(*destination); ok {
		w = d.Writer
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// verdict is "[PASS]" or "[FAIL]".
func (s style) verdict(v trace.Verdict) string {
	if v == trace.Pass {
		return s.pass.Sprint("[PASS]")
	}
	return s.fail.Sprint("[FAIL]")
}
