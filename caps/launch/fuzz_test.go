package launch

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// A process chooses its own name, with parentheses and line ends in it.
func FuzzParseStat(f *testing.F) {
	for _, comm := range []string{"sh", ")", "(", ") Z 1 (", "a\nb", "\xff", ""} {
		f.Add([]byte(comm), 7, 1, uint64(99))
	}
	f.Fuzz(func(t *testing.T, comm []byte, pid, ppid int, started uint64) {
		stat := fmt.Appendf(nil, "%d (%s) S %d %s1 0 %d\n", pid, comm, ppid, strings.Repeat("0 ", 15), started)
		p, err := parseStat(stat)
		if err != nil {
			t.Fatalf("parseStat(%q): %v", stat, err)
		}
		if p.pid != pid || p.ppid != ppid || p.comm != string(comm) || p.started != started {
			t.Fatalf("parseStat(%q) = %+v", stat, p)
		}
	})
}

// Whatever the file holds, it is read or refused.
func FuzzParseStatBytes(f *testing.F) {
	f.Add([]byte("1 (init) S 0 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0"))
	f.Add([]byte(")("))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, stat []byte) {
		if p, err := parseStat(stat); err == nil && !bytes.Contains(stat, []byte("("+p.comm+")")) {
			t.Fatalf("parseStat(%q) names %q", stat, p.comm)
		}
	})
}
