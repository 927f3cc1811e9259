package monitorexport

import (
	"strings"
	"sync"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/cgroup"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/monitor"
)

// kind is what checks have in common that are exported as one. The process is
// not in it: a shell that starts ip(8) a thousand times makes one record.
type kind struct {
	owner              cgroup.Owner
	comm, exe          string
	uid                uint32
	cap                caps.Cap
	verdict            trace.Verdict
	audited, initialNS bool
	syscall, function  string
}

// folded are checks of one kind.
type folded struct {
	kind
	first, last time.Time
	count       uint64
	pid, ppid   int // 0 where there were several
}

// kindOf is that of a check. All texts are valid UTF-8: OTLP and Prometheus take
// nothing else, and the name of a process may be any bytes.
func kindOf(e monitor.Event, owner cgroup.Owner, exe string) kind {
	c := e.Check
	return kind{
		owner: owner, comm: text(c.Process.Comm), exe: text(exe), uid: e.UID,
		cap: c.Cap, verdict: c.Verdict, audited: c.Audited, initialNS: c.InitialNS,
		syscall: c.Syscall, function: c.Function,
	}
}

func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// queue holds what waits to be exported, folded: while a collector is away,
// counts grow, and only a new kind takes room.
type queue struct {
	mu      sync.Mutex
	most    int
	waiting map[kind]*folded
	order   []*folded
}

func newQueue(most int) *queue { return &queue{most: most, waiting: map[kind]*folded{}} }

// add returns false where there is no room.
func (q *queue) add(k kind, e monitor.Event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := e.Check.Process
	f, ok := q.waiting[k]
	if !ok {
		if len(q.order) >= q.most {
			return false
		}
		f = &folded{kind: k, first: e.Time, pid: p.PID, ppid: p.PPID}
		q.waiting[k] = f
		q.order = append(q.order, f)
	}
	f.count += e.Check.Count
	f.last = e.Time
	if f.pid != p.PID {
		f.pid = 0
	}
	if f.ppid != p.PPID {
		f.ppid = 0
	}
	return true
}

// take removes the n that have waited longest, or all if there are fewer.
func (q *queue) take(n int) []*folded {
	q.mu.Lock()
	defer q.mu.Unlock()
	n = min(n, len(q.order))
	batch := q.order[:n:n]
	if q.order = q.order[n:]; len(q.order) == 0 {
		q.order = nil // and not the end of an array that grows forever
	}
	for _, f := range batch {
		delete(q.waiting, f.kind)
	}
	return batch
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.order)
}

// checksIn is how many checks a batch stands for.
func checksIn(batch []*folded) uint64 {
	var n uint64
	for _, f := range batch {
		n += f.count
	}
	return n
}
