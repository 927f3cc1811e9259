package monitoroutput

import (
	"bytes"
	"testing"
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
	}
	for _, tt := range tests {
		text := NewText(&bytes.Buffer{})
		if got := text.name(tt.comm); got != tt.pipe {
			t.Errorf("in a pipe %q, want %q", got, tt.pipe)
		}
		text.terminal = true
		if got := text.name(tt.comm); got != tt.terminal {
			t.Errorf("on a terminal %q, want %q", got, tt.terminal)
		}
	}
}
