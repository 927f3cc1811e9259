package launch

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestParseStat(t *testing.T) {
	rest := " 41 41 41 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 THREADS 0 987654 1 2"
	line := func(name, state, threads string) string {
		return "42 (" + name + ") " + state + strings.Replace(rest, "THREADS", threads, 1) + "\n"
	}
	for _, test := range []struct {
		line string
		want proc
		ok   bool
	}{
		{line("sh", "S", "1"), proc{pid: 42, ppid: 41, comm: "sh", started: 987654}, true},
		{line(") S 1 (x\n", "R", "1"), proc{pid: 42, ppid: 41, comm: ") S 1 (x\n", started: 987654}, true},
		{line("sh", "Z", "1"), proc{pid: 42, ppid: 41, comm: "sh", started: 987654, dead: true}, true},
		{line("java", "Z", "7"), proc{pid: 42, ppid: 41, comm: "java", started: 987654}, true},
		{line("sh", "X", "0"), proc{pid: 42, ppid: 41, comm: "sh", started: 987654, dead: true}, true},
		{line("sh", "S", "many"), proc{}, false},
		{"", proc{}, false},
		{"42 (sh", proc{}, false},
		{"42 (sh) S 1 2 3", proc{}, false},
	} {
		got, err := parseStat([]byte(test.line))
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("parseStat(%q) = %+v, %v, want %+v", test.line, got, err, test.want)
		}
	}
}

// Both ways to find children agree, so the one that this kernel does not need
// works too.
func TestParentsAgreesWithChildren(t *testing.T) {
	k := newKeeper(t)
	launch(t, k, sh("sleep 1000 & echo ready; wait"))
	awaitLeft(t, k, "sleep", 1)
	all, err := parents()
	if err != nil {
		t.Fatal(err)
	}
	command := childrenOf(k.PID())
	if len(command) != 1 || len(all[k.PID()]) != 1 || all[k.PID()][0] != command[0] {
		t.Fatalf("the keeper's children are %v by thread, %v by parent", command, all[k.PID()])
	}
	below := childrenOf(command[0])
	if len(below) != 1 || len(all[command[0]]) != 1 || all[command[0]][0] != below[0] {
		t.Errorf("the command's children are %v by thread, %v by parent", below, all[command[0]])
	}
}

func TestTicksSinceBootIsTheClockOfStarted(t *testing.T) {
	before := ticksSinceBoot()
	k := newKeeper(t)
	p, err := readProc(k.PID())
	if err != nil {
		t.Fatal(err)
	}
	if after := ticksSinceBoot(); p.started < before || p.started > after {
		t.Errorf("a process that started between %d and %d says %d", before, after, p.started)
	}
	if _, err := readProc(os.Getpid()); err != nil {
		t.Error(err)
	}
}

// ticksSinceBoot is now in the unit of proc.started. It is 100 Hz on every
// architecture (USER_HZ in asm-generic/param.h).
func ticksSinceBoot() uint64 {
	const hz = 100
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0
	}
	return uint64(t.Nano()) * hz / uint64(time.Second)
}
