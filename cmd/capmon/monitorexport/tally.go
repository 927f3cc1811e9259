package monitorexport

import (
	"sync"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/cgroup"
	"github.com/capmon/capmon/trace"
)

const (
	// maxSeries is how many label sets there can be at a time. A process can
	// call itself what it likes: without a bound, one could fill the memory of
	// capmon and of all that stores what it counts.
	maxSeries = 2000
	// maxNames is how many names the processes of one unit or container can
	// have, so that none takes the room of others.
	maxNames = 50
	// idle is when the label set of what is not seen any more makes room.
	idle = time.Hour
)

// label is a label set of the counter of checks.
type label struct {
	owner   cgroup.Owner
	process string
	cap     caps.Cap
	verdict trace.Verdict
}

type series struct {
	count uint64
	seen  time.Time
}

// Tally counts checks by bounded sets of labels, and what was lost.
type Tally struct {
	// Full is called once, when checks find no room for their labels.
	Full func()

	mu       sync.Mutex
	series   map[label]series
	names    map[cgroup.Owner]map[string]int // label sets of each name
	swept    time.Time
	overflow uint64
	total    uint64
	full     bool
	lost     map[string]uint64
}

// NewTally has counted nothing.
func NewTally() *Tally {
	return &Tally{series: map[label]series{}, names: map[cgroup.Owner]map[string]int{}, lost: map[string]uint64{}}
}

func (t *Tally) add(k kind, count uint64, now time.Time) {
	t.mu.Lock()
	l := label{k.owner, k.comm, k.cap, k.verdict}
	t.total += count
	if !t.room(l, now) {
		t.overflow += count
		first := !t.full
		t.full = true
		t.mu.Unlock()
		if first && t.Full != nil {
			t.Full()
		}
		return
	}
	s := t.series[l]
	t.series[l] = series{s.count + count, now}
	t.mu.Unlock()
}

// room makes room for a label set, or returns false.
func (t *Tally) room(l label, now time.Time) bool {
	if _, ok := t.series[l]; ok {
		return true
	}
	if t.crowded(l) && now.Sub(t.swept) > time.Minute {
		t.sweep(now)
	}
	if t.crowded(l) {
		return false
	}
	if t.names[l.owner] == nil {
		t.names[l.owner] = map[string]int{}
	}
	t.names[l.owner][l.process]++
	return true
}

func (t *Tally) crowded(l label) bool {
	names := t.names[l.owner]
	return len(t.series) >= maxSeries || names[l.process] == 0 && len(names) >= maxNames
}

func (t *Tally) sweep(now time.Time) {
	t.swept = now
	for l, s := range t.series {
		if now.Sub(s.seen) < idle {
			continue
		}
		delete(t.series, l)
		names := t.names[l.owner]
		if names[l.process]--; names[l.process] == 0 {
			delete(names, l.process)
		}
		if len(names) == 0 {
			delete(t.names, l.owner)
		}
	}
}

// Lose counts n checks as lost.
func (t *Tally) Lose(reason string, n uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lost[reason] += n
}

// SetLost says how many were lost by now.
func (t *Tally) SetLost(reason string, n uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lost[reason] = n
}

// snapshot is a Tally at one moment.
type snapshot struct {
	series          map[label]uint64
	total, overflow uint64
	lost            map[string]uint64
}

func (t *Tally) snapshot() snapshot {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := snapshot{map[label]uint64{}, t.total, t.overflow, map[string]uint64{}}
	for l, one := range t.series {
		s.series[l] = one.count
	}
	for reason, n := range t.lost {
		s.lost[reason] = n
	}
	return s
}

// status is how many checks there were, and how many were lost of what reason.
func (t *Tally) status() (uint64, map[string]uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lost := map[string]uint64{}
	for reason, n := range t.lost {
		lost[reason] = n
	}
	return t.total, lost
}
