package follow

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
)

// waitStatus is that of a process that exited with code.
func waitStatus(code int) unix.WaitStatus { return unix.WaitStatus(code << 8) }

func TestExePath(t *testing.T) {
	for _, c := range []struct {
		names     string // from the file up, each ended by a NUL
		truncated uint32
		want      string
	}{
		{"", 0, ""},
		{"ls\x00bin\x00usr\x00", 0, "/usr/bin/ls"},
		{"memfd:x y\x00", 0, "/memfd:x y"},
		{"ls\x00deep\x00", 1, ".../deep/ls"},
		{"a\n\xff\x00tmp\x00", 0, "/tmp/a\n\xff"},
		{strings.Repeat("n", 255) + "\x00", 0, "/" + strings.Repeat("n", 255)},
	} {
		exe := bpf.CommandExe{Length: uint32(len(c.names)), Truncated: c.truncated}
		for i := range c.names {
			exe.Names[i] = int8(c.names[i])
		}
		if got := exePath(exe); got != c.want {
			t.Errorf("%q: %q, want %q", c.names, got, c.want)
		}
	}
	// Whatever the kernel side says, nothing outside of the names is read.
	if got := exePath(bpf.CommandExe{Length: 1 << 30}); got == "" {
		t.Error("a length beyond the end gives nothing")
	}
}
