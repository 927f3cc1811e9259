package monitoroutput

import (
	"bytes"
	"testing"

	"github.com/capmon/capmon/cmd/capmon/terminal"
)

// Names of processes are anything; on a terminal they steer nothing.
func TestMonitorNames(t *testing.T) {
	tests := []struct{ comm, pipe, terminal string }{
		{"ip", "ip", "ip"},
		{"", "-", "-"},
		{"tmux: server", `tmux:\040server`, "tmux: server"},
		{"a\x1b[31m", `a\033[31m`, "a�[31m"},
		{`a\b`, `a\134b`, `a\b`},
		{"a\nb", `a\012b`, "a�b"},
		{"é", "é", "é"},
		{"a\xffb", `a\377b`, "a�b"},
		{"a\u009b31m", `a\302\23331m`, "a�31m"}, // C1: a control sequence of one character
		{"a\u202eb", `a\342\200\256b`, "a�b"},   // from right to left
		{"a\u00a0b", `a\302\240b`, "a�b"},       // a blank that is not one
	}
	for _, tt := range tests {
		text := NewText(&bytes.Buffer{}, terminal.NewScreen(&bytes.Buffer{}, terminal.Never))
		if got := text.name(tt.comm); got != tt.pipe {
			t.Errorf("in a pipe %q, want %q", got, tt.pipe)
		}
		text.screen.Width = 80
		if got := text.name(tt.comm); got != tt.terminal {
			t.Errorf("on a terminal %q, want %q", got, tt.terminal)
		}
	}
}
