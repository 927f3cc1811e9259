package terminal

import (
	"bytes"
	"os"
	"testing"

	"github.com/creack/pty"

	"github.com/capmon/capmon/internal/testenv"
)

func TestNewScreen(t *testing.T) {
	master, slave, err := pty.Open()
	testenv.Must(t, err)
	defer master.Close()
	defer slave.Close()
	tests := []struct {
		name, term, noColor string
		when                When
		columns             uint16
		pipe                bool

		coloured, live bool
		width          int
	}{
		{name: "terminal", term: "xterm", when: Auto, columns: 100, coloured: true, live: true, width: 100},
		{name: "narrow", term: "xterm", when: Auto, columns: 20, coloured: true, live: true, width: MinWidth},
		{name: "of unknown size", term: "xterm", when: Auto, coloured: true, live: true, width: 80},
		{name: "dumb", term: "dumb", when: Auto, columns: 100, width: 100},
		{name: "dumb and always", term: "dumb", when: Always, columns: 100, coloured: true, width: 100},
		{name: "NO_COLOR", term: "xterm", noColor: "1", when: Auto, columns: 100, live: true, width: 100},
		{name: "never", term: "xterm", when: Never, columns: 100, live: true, width: 100},
		{name: "pipe", term: "xterm", when: Auto, pipe: true},
		{name: "pipe and always", term: "xterm", noColor: "1", when: Always, pipe: true, coloured: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("TERM", test.term)
			t.Setenv("NO_COLOR", test.noColor)
			if test.noColor == "" {
				testenv.Must(t, os.Unsetenv("NO_COLOR"))
			}
			testenv.Must(t, pty.Setsize(master, &pty.Winsize{Rows: 24, Cols: test.columns}))
			s := NewScreen(slave, test.when)
			if test.pipe {
				s = NewScreen(&bytes.Buffer{}, test.when)
			}
			if coloured := s.Pass.Sprint("x") != "x"; coloured != test.coloured || s.Live != test.live || s.Width != test.width {
				t.Errorf("coloured %v, live %v, %d columns", coloured, s.Live, s.Width)
			}
		})
	}
}

func TestHangAndFit(t *testing.T) {
	const text = "one two three four"
	for width, want := range map[int][2]string{
		0:  {text, text},
		18: {"one two three\n    four", text},
		12: {"one two\n    three\n    four", "one two t..."},
	} {
		s := Screen{Width: width}
		if hang, fit := s.Hang(4, text), s.Fit(text); hang != want[0] || fit != want[1] {
			t.Errorf("%d columns: %q and %q", width, hang, fit)
		}
	}
}
