package monitorexport

import (
	"fmt"
	"testing"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/cgroup"
	"github.com/capmon/capmon/trace"
)

func kindFor(unit, comm string, c caps.Cap) kind {
	return kind{owner: cgroup.Owner{Unit: unit}, comm: comm, cap: c, verdict: trace.Pass}
}

// One that calls itself a thousand names takes no room of others.
func TestTallyFloodOfNames(t *testing.T) {
	tally, now, full := NewTally(), time.Now(), 0
	tally.Full = func() { full++ }
	for i := range 1000 {
		tally.add(kindFor("flood.service", fmt.Sprint("n", i), caps.Kill), 1, now)
	}
	tally.add(kindFor("flood.service", "n0", caps.Kill), 1, now)
	tally.add(kindFor("calm.service", "calm", caps.Kill), 7, now)
	s := tally.snapshot()
	if len(s.series) != maxNames+1 || s.overflow != 1000-maxNames || s.total != 1008 || full != 1 {
		t.Errorf("%d series, %d over, %d in all, said %d times", len(s.series), s.overflow, s.total, full)
	}
	calm := label{cgroup.Owner{Unit: "calm.service"}, "calm", caps.Kill, trace.Pass}
	if s.series[calm] != 7 {
		t.Errorf("calm.service has %d", s.series[calm])
	}
}

// What is not seen any more makes room for what comes.
func TestTallyForgets(t *testing.T) {
	tally, now := NewTally(), time.Now()
	for i := range maxSeries + 10 {
		tally.add(kindFor(fmt.Sprint("u", i, ".service"), "x", caps.Kill), 1, now)
	}
	s := tally.snapshot()
	if len(s.series) != maxSeries || s.overflow != 10 {
		t.Errorf("%d series, %d over", len(s.series), s.overflow)
	}
	later := now.Add(idle + time.Second)
	tally.add(kindFor("late.service", "x", caps.Kill), 1, later)
	s = tally.snapshot()
	if len(s.series) != 1 || s.overflow != 10 || s.total != maxSeries+11 || len(tally.names) != 1 {
		t.Errorf("%d series, %d over, %d in all, %d owners", len(s.series), s.overflow, s.total, len(tally.names))
	}
}
