//go:build !vm

// An emulated guest has one processor: scripts/vm/run.sh says why.

package follow

import (
	"fmt"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
)

// The first checks of a kind, made by two threads at the same moment, are not
// counted as one.
func TestThreadsInStep(t *testing.T) {
	if runtime.NumCPU() < 2 {
		testenv.Cannot(t, "takes two processors")
	}
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		for range testenv.Scaled(20) {
			counts := map[string]uint64{}
			for _, c := range role(t, "threads in step", "2").run(t, tracer).Checks {
				counts[c.Syscall] += c.Count
			}
			for _, nr := range refused {
				if name := tracer.syscalls.Name(int(nr), false); counts[name] != 2 {
					t.Errorf("%s: %d times", name, counts[name])
				}
			}
		}
	})
}

// A thread that moves to another processor counts on in a list that the other has
// begun, in which its last place holds what was read before.
func TestRepeatsOfAThreadThatMoves(t *testing.T) {
	if runtime.NumCPU() < 2 {
		testenv.Cannot(t, "takes two processors")
	}
	oneBackend(t, func(t *testing.T, tracer *Tracer) {
		const last = 1000
		p := perl(perlAsk + fmt.Sprintf(`
			sub on { $mask = pack("Q", 1 << $_[0]); syscall(%[1]d, 0, 8, $mask) >= 0 or die }
			sub others { $name = "x"; syscall(%[2]d, $name, -1) for 1..3 }
			sub some { for (1..$_[0]) { others(); ask() for 1..3 } }
			pipe(R, W); pipe(S, T);
			$pid = fork // die;
			if (!$pid) { sysread R, $b, 1; on(1); ask() for 1..3; syswrite T, "x"; exit }
			on(1); some(10);
			for ("first", "second") { open(F, "<", $_) || die; close F }
			on(0); some(5);
			syswrite W, "x"; sysread S, $b, 1;
			on(1); ask() for 1..%[3]d`, unix.SYS_SCHED_SETAFFINITY, unix.SYS_SETDOMAINNAME, last))
		p.dir = testenv.OpenToAll(t)
		for _, fifo := range []string{"first", "second"} {
			testenv.Must(t, unix.Mkfifo(p.dir+"/"+fifo, 0o644))
		}
		r := p.start(t, tracer)
		meet(t, p.dir+"/first")
		testenv.Must(t, r.recording.Mark("a"))
		testenv.Must(t, r.recording.Mark("b"))
		meet(t, p.dir+"/second")
		r.wait()
		var counted uint64
		for _, c := range asks(r.collect()) {
			counted += c.Count
		}
		if want := uint64(10*3 + 5*3 + last + 3); counted != want {
			t.Errorf("counted %d, want %d", counted, want)
		}
	})
}
