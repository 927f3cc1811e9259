package measure

import (
	"context"
	"strconv"

	"github.com/capmon/capmon/scripts/bench/sample"
	"github.com/capmon/capmon/scripts/bench/watch"
)

// The operations, in ns each: one refused check, a system call without a
// check, one with two checks, fork and exec of /bin/true.
const (
	Check   = "check"
	Getppid = "getppid"
	Open    = "open"
	Spawn   = "spawn"
)

// Operations lists them.
var Operations = []string{Check, Getppid, Open, Spawn}

// often is how many of each take some 50 ms without a watcher.
var often = map[string]int{Check: 300_000, Getppid: 300_000, Open: 40_000, Spawn: 100}

// tries is how often an operation is measured in a round. The least counts:
// what else the machine does only adds.
const tries = 3

// Ops measures each operation under each watcher, once.
func (b *Bench) Ops(ctx context.Context, into sample.Set, watchers []watch.Watcher) error {
	for _, w := range watchers {
		b.Log("operations: %s", w.Name)
		if err := b.opsUnder(ctx, into, w); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bench) opsUnder(ctx context.Context, into sample.Set, w watch.Watcher) error {
	running, err := w.Begin(ctx)
	if err != nil {
		return err
	}
	for _, op := range Operations {
		n := max(b.some(often[op])/w.Slow, 2)
		least, err := b.least(ctx, w, op, n)
		if err != nil {
			_ = running.Stop()
			return err
		}
		into.Add(op, w.Name, least)
	}
	return running.Stop()
}

func (b *Bench) least(ctx context.Context, w watch.Watcher, op string, n int) (float64, error) {
	var least float64
	for i := range tries {
		ns, err := b.run1(ctx, w, nobody, "each", op, strconv.Itoa(n), "/etc/shadow")
		if err != nil {
			return 0, err
		}
		if i == 0 || ns < least {
			least = ns
		}
	}
	return least, nil
}

// Works drops the watchers that do not work here, and says why.
func (b *Bench) Works(ctx context.Context, watchers []watch.Watcher) (work []watch.Watcher, why map[string]string) {
	why = map[string]string{}
	for _, w := range watchers {
		if err := b.try(ctx, w); err != nil {
			why[w.Name] = err.Error()
			b.Log("left out: %s: %v", w.Name, err)
			continue
		}
		work = append(work, w)
	}
	return work, why
}

func (b *Bench) try(ctx context.Context, w watch.Watcher) error {
	running, err := w.Begin(ctx)
	if err != nil {
		return err
	}
	_, err = b.run1(ctx, w, nobody, "each", Check, "1")
	if stopErr := running.Stop(); err == nil {
		err = stopErr
	}
	return err
}
