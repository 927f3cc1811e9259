package follow

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace/backend"
	"github.com/capmon/capmon/trace/internal/tracetest"
)

// openSmall opens a backend whose maps of these names hold so many entries.
func openSmall(t *testing.T, name string, entries map[string]uint32) *Tracer {
	t.Helper()
	chosen, err := backend.Find(name)
	testenv.Must(t, err)
	spec, err := commandSpec()
	testenv.Must(t, err)
	for m, n := range entries {
		spec.Maps[m].MaxEntries = n
	}
	tracer, err := openSpec(bpf.ReadTypes(), chosen, spec)
	testenv.Must(t, err)
	t.Cleanup(func() { testenv.Must(t, tracer.Close()) })
	return tracer
}

// Five kinds of check in turn, so many times, in so many processes.
const askFive = `sub five { for $file ("a".."e") { if (!fork) { open(F, "<", "secret"); exit } wait } }`

func TestLostIsCounted(t *testing.T) {
	for _, c := range []struct {
		full    string
		entries uint32
		exactly uint64 // 0: at least one
	}{
		{"checks", 4, 0},
		{"images", 3, 0},
		{"followed", 1, 5}, // the command itself has room
		{"stacks", 1, 0},
		{"exes", 1, 0},
	} {
		t.Run(c.full, func(t *testing.T) {
			oneBackend(t, func(t *testing.T, shared *Tracer) {
				tracer := openSmall(t, shared.Backend(), map[string]uint32{c.full: c.entries})
				p := perl(askFive + `five(); exec "/bin/true"`)
				p.dir = testenv.OpenToAll(t)
				rootFile(t, p.dir)
				r := p.start(t, tracer)
				r.wait()
				seen := r.collect()
				if seen.Lost == 0 || c.exactly != 0 && seen.Lost != c.exactly {
					t.Errorf("lost %d, want %d", seen.Lost, c.exactly)
				}
				if again := r.collect(); again.Lost != 0 {
					t.Errorf("reported twice: %d", again.Lost)
				}
			})
		})
	}
}

// What is lost while two commands are recorded counts for both, and for none
// that is recorded later.
func TestLossesAreOfThoseRecorded(t *testing.T) {
	oneBackend(t, func(t *testing.T, shared *Tracer) {
		tracer := openSmall(t, shared.Backend(), map[string]uint32{"stacks": 1})
		beside, err := tracer.Arm(unix.Gettid())
		testenv.Must(t, err)
		beside.seen = true // it is armed, and never forks
		p := perl(askFive + `five(); exec "/bin/true"`)
		p.dir = testenv.OpenToAll(t)
		rootFile(t, p.dir)
		r := p.start(t, tracer)
		r.wait()
		lost := r.collect().Lost
		testenv.Must(t, beside.Disarm())
		other, err := beside.Collect()
		testenv.Must(t, err)
		if lost == 0 || other.Lost != lost {
			t.Errorf("%d lost for one, %d for the other", lost, other.Lost)
		}
		later, err := tracer.Arm(unix.Gettid())
		testenv.Must(t, err)
		testenv.Must(t, later.Disarm())
		later.seen = true
		if none, err := later.Collect(); err != nil || none.Lost != 0 {
			t.Errorf("%d lost for a later one, %v", none.Lost, err)
		}
	})
}

// What is kept and what is lost is all there was.
func TestNothingIsLostSilently(t *testing.T) {
	oneBackend(t, func(t *testing.T, shared *Tracer) {
		tracer := openSmall(t, shared.Backend(), map[string]uint32{"checks": 20})
		const times = 50
		p := perl(perlAsk + fmt.Sprintf(`for (1..%d) { $pid = fork // die; if (!$pid) { ask(); exit } wait }`, times))
		r := p.start(t, tracer)
		r.wait()
		seen := r.collect()
		kept := uint64(len(asks(seen)))
		if kept == 0 || kept+seen.Lost < times {
			t.Errorf("%d kept and %d lost of %d", kept, seen.Lost, times)
		}
	})
}

// taskStorageSince is the kernel from which bpf/checks.h keeps calls in task
// storage.
var taskStorageSince = [2]int{6, 2}

// Two system calls at the same time, of which one waits in the other's way, where
// they are not kept with their tasks.
func TestLostCallIsCounted(t *testing.T) {
	oneBackend(t, func(t *testing.T, shared *Tracer) {
		tracer := openSmall(t, shared.Backend(), map[string]uint32{"calls": 1})
		p := perl(`use Fcntl; if (!fork) { open(F, "<", "fifo"); exit }
			1 until sysopen(F, "fifo", O_WRONLY | O_NONBLOCK); wait`)
		// Root needs a capability for a fifo of another user's.
		p.root = true
		p.dir = testenv.OpenToAll(t)
		testenv.Must(t, unix.Mkfifo(p.dir+"/fifo", 0o600))
		testenv.Must(t, unix.Chown(p.dir+"/fifo", nobody, nobody))
		r := p.start(t, tracer)
		r.wait()
		seen := r.collect()
		if roomForAll := tracetest.KernelIsSince(t, taskStorageSince); roomForAll != (seen.Lost == 0) {
			t.Errorf("room for all is %v, and %d were lost: %+v", roomForAll, seen.Lost, seen.Checks)
		}
	})
}
