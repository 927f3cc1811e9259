package monitorexport

import (
	"context"
	"sync/atomic"
	"time"

	sdklog "go.opentelemetry.io/otel/sdk/log"

	"github.com/capmon/capmon/cmd/capmon/otelnames"
)

const (
	// firstPause and lastPause are between attempts to reach a collector: the
	// next pause is twice the one before.
	firstPause = time.Second
	lastPause  = 30 * time.Second
	// statusEvery is how often a machine on which nothing happens says that it
	// is watched.
	statusEvery = 10 * time.Minute
)

// sender takes from the queue and sends, in a goroutine of its own.
type sender struct {
	settings Settings
	client   sdklog.Exporter
	records  *records
	queue    *queue
	tally    *Tally

	started bool
	end     chan struct{}
	done    chan struct{}
	full    chan struct{} // the queue is half full

	health    *health
	delivered atomic.Uint64 // checks
}

func newSender(s Settings, client sdklog.Exporter, r *records, q *queue, t *Tally, h *health) *sender {
	return &sender{
		settings: s, client: client, records: r, queue: q, tally: t, health: h,
		end: make(chan struct{}), done: make(chan struct{}), full: make(chan struct{}, 1),
	}
}

// hurry is called when the queue gets full before its time.
func (s *sender) hurry() {
	select {
	case s.full <- struct{}{}:
	default:
	}
}

// run sends until the end, and then what is left.
func (s *sender) run() {
	defer close(s.done)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-s.end
		// What is being sent gets the time that what is left gets.
		time.AfterFunc(s.settings.Flush, cancel)
	}()
	s.sendStatus(ctx)
	said := time.Now()
	_, lost := s.tally.status()
	for s.wait(s.settings.Delay) {
		s.flush(ctx)
		_, now := s.tally.status()
		if time.Since(said) > statusEvery || !sameCounts(lost, now) {
			s.sendStatus(ctx)
			said, lost = time.Now(), now
		}
	}
	s.flush(ctx)
	s.sendStatus(ctx)
}

// stop has it send what is left, and waits for that.
func (s *sender) stop() {
	close(s.end)
	if s.started {
		<-s.done
	}
}

func sameCounts(a, b map[string]uint64) bool {
	for reason, n := range b {
		if a[reason] != n {
			return false
		}
	}
	return true
}

// wait returns false at the end.
func (s *sender) wait(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.full:
	case <-s.end:
		return false
	}
	return true
}

func (s *sender) ending() bool {
	select {
	case <-s.end:
		return true
	default:
		return false
	}
}

// flush sends all that waits now.
func (s *sender) flush(ctx context.Context) {
	for n := s.queue.len(); n > 0; n -= s.settings.Batch {
		batch := s.queue.take(min(n, s.settings.Batch))
		if len(batch) == 0 {
			return
		}
		s.send(ctx, batch)
	}
}

// send sends one batch until it is taken or cannot be.
func (s *sender) send(ctx context.Context, batch []*folded) {
	made := s.records.of(batch)
	pause := firstPause
	for {
		o := outcomeOf(s.client.Export(ctx, made))
		s.health.judge(o)
		switch {
		case o.again && s.ending():
			s.tally.Lose(otelnames.LostUnsent, checksIn(batch))
			return
		case o.again:
			s.pause(pause)
			pause = min(2*pause, lastPause)
			continue
		}
		s.account(batch, o.rejected)
		return
	}
}

func (s *sender) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.end:
	}
}

// account counts a batch of which so many records were rejected. Which of them
// is not said, so the smallest are taken for lost: that is never too much.
func (s *sender) account(batch []*folded, rejected int64) {
	all := checksIn(batch)
	lost := all
	if rejected >= 0 {
		lost = smallest(batch, rejected)
	}
	if lost > 0 {
		s.tally.Lose(otelnames.LostRejected, lost)
	}
	s.delivered.Add(all - lost)
}

// sendStatus says what was seen and lost by now; the next one says it again, so
// that nothing is the matter if it does not arrive.
func (s *sender) sendStatus(ctx context.Context) {
	if s.ending() && s.health.trouble() != "" {
		return
	}
	s.health.judge(outcomeOf(s.client.Export(ctx, s.records.status(s.tally.status()))))
}
