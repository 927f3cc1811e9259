package trace

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

func TestText(t *testing.T) {
	for in, want := range map[string]string{"": "", "sh\x00\x00x": "sh", "\x00sh": "", "full": "full"} {
		chars := make([]int8, len(in))
		for i := range in {
			chars[i] = int8(in[i])
		}
		if got := text(chars); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestErrnoAndDecisive(t *testing.T) {
	netlink := []string{"cap_capable", "rtnetlink_rcv_msg", "netlink_rcv_skb"}
	for _, c := range []struct {
		check    Check
		errno    unix.Errno
		decisive bool
	}{
		{Check{Verdict: Fail, Returned: true, Return: -1}, unix.EPERM, true},
		{Check{Verdict: Fail, Returned: true, Return: -13}, unix.EACCES, true},
		{Check{Verdict: Fail, Returned: true, Return: -2}, unix.ENOENT, false},
		{Check{Verdict: Fail, Returned: true}, 0, false},
		{Check{Verdict: Fail, Returned: true, Return: 1 << 46}, 0, false},
		{Check{Verdict: Fail, Returned: true, Return: -5000}, 0, false},
		{Check{Verdict: Fail, Return: -1}, 0, false},
		{Check{Verdict: Pass, Returned: true, Return: -1}, unix.EPERM, false},
		{Check{Verdict: Fail, Returned: true, Stack: netlink}, 0, true},
		{Check{Verdict: Pass, Returned: true, Stack: netlink}, 0, false},
	} {
		if c.check.Errno() != c.errno || c.check.Decisive() != c.decisive {
			t.Errorf("%+v: errno %v, decisive %v", c.check, c.check.Errno(), c.check.Decisive())
		}
	}
}
