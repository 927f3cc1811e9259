package follow

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace/backend"
)

// Records are kept one by one up to the limit. Beyond it no count is lost, nor
// any check that differs by more than its process.
func TestRecordsAreFolded(t *testing.T) {
	recordOf := func(process int, cap uint8, errno int16) record {
		return record{Entry: backend.Entry[bpf.CommandCheckKey, bpf.CommandCheck]{
			Key: bpf.CommandCheckKey{
				Image: bpf.CommandImageKey{Tgid: uint32(process)}, Site: bpf.CommandSite{Cap: cap}, Error: errno,
			},
			Value: bpf.CommandCheck{First: uint64(process), Call: uint64(process), Count: 2},
		}}
	}
	var kept records
	for process := range MostRecords {
		kept.add(recordOf(process, 1, 0))
	}
	if len(kept.list) != MostRecords || kept.folded != nil {
		t.Fatalf("%d of %d records are kept one by one", len(kept.list), MostRecords)
	}
	const latest = MostRecords + 10
	kept.add(recordOf(latest, 1, 0))
	kept.add(recordOf(latest-5, 1, 0))
	kept.add(recordOf(latest, 2, 0))
	kept.add(recordOf(latest, 1, -1))
	if len(kept.list) != 3 {
		t.Fatalf("%d kinds of records, want 3", len(kept.list))
	}
	if first := kept.list[0]; first.Value.Count != 2*(MostRecords+2) || first.Key.Image.Tgid != latest || first.Value.Call != latest {
		t.Errorf("folded to %+v", first)
	}
}

// What is taken from the kernel's map in between makes room in it, and comes
// back with the rest, in the scenario that is named afterwards.
func TestDrainedRecordsAreKept(t *testing.T) {
	oneBackend(t, func(t *testing.T, shared *Tracer) {
		const times, room = 10, 12
		tracer := openSmall(t, shared.Backend(), map[string]uint32{"checks": room})
		p := perl(perlAsk + fmt.Sprintf(`for (1..%d) {
			$pid = fork // die; if (!$pid) { ask(); exit } wait;
			for ("first", "second") { open(F, "<", $_) || die; close F } }`, times))
		p.dir = testenv.OpenToAll(t)
		for _, fifo := range []string{"first", "second"} {
			testenv.Must(t, unix.Mkfifo(p.dir+"/"+fifo, 0o644))
		}
		r := p.start(t, tracer)
		for range times {
			meet(t, p.dir+"/first")
			tracer.collecting.Lock()
			err := r.recording.drain()
			tracer.collecting.Unlock()
			testenv.Must(t, err)
			meet(t, p.dir+"/second")
		}
		testenv.Must(t, r.recording.Mark("start"))
		r.wait()
		seen := r.collect()
		asked := asks(seen)
		if len(asked) != times || seen.Lost != 0 || seen.Folded {
			t.Errorf("%d of %d kept, %d lost, folded %v", len(asked), times, seen.Lost, seen.Folded)
		}
		for _, c := range asked {
			if c.Scenario != "start" {
				t.Errorf("in the scenario %q", c.Scenario)
			}
		}
	})
}

// What a process that runs repeats is counted to the last, however often its
// records are looked at.
func TestNoRepeatIsLostByDraining(t *testing.T) {
	oneBackend(t, func(t *testing.T, tracer *Tracer) {
		const times = 200_000
		r := perl(perlAsk+fmt.Sprintf(`ask() for 1..%d`, times)).start(t, tracer)
		ctx, end := context.WithCancel(t.Context())
		defer end()
		var draining sync.WaitGroup
		draining.Go(func() {
			for ctx.Err() == nil {
				tracer.collecting.Lock()
				err := r.recording.drain()
				tracer.collecting.Unlock()
				if err != nil {
					t.Error(err)
				}
			}
		})
		r.wait()
		end()
		draining.Wait()
		onlyCheck(t, r.collect(), times)
	})
}

// meet waits until the command opens the fifo as well.
func meet(t *testing.T, fifo string) {
	t.Helper()
	f, err := os.OpenFile(fifo, os.O_WRONLY, 0)
	testenv.Must(t, err)
	testenv.Must(t, f.Close())
}
