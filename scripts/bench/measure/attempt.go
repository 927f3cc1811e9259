package measure

import (
	"context"
	"strconv"

	"github.com/capmon/capmon/scripts/bench/sample"
	"github.com/capmon/capmon/scripts/bench/watch"
)

// Attempt is what one attempt takes in all, in seconds: a discovery that
// repeats the last one many times, less one that does not, shared out.
const Attempt = "attempt"

// Where the attempts are made.
const (
	OnHost    = "host"
	InSandbox = "sandbox"
)

// Attempts measures what one attempt of true(1) takes.
func (b *Bench) Attempts(ctx context.Context, into sample.Set) error {
	b.Log("attempts")
	repeats := max(b.some(100), 10)
	for _, where := range []struct {
		name    string
		options []string
	}{{OnHost, nil}, {InSandbox, []string{"--sandbox"}}} {
		all := sample.Set{}
		for _, n := range []int{0, repeats} {
			command := b.discover(append(where.options, "--confirm", strconv.Itoa(n), "--", "true")...)
			if err := b.started(ctx, all, strconv.Itoa(n), tries, command); err != nil {
				return err
			}
		}
		more := all.Added(Startup, strconv.Itoa(repeats), "0")
		into.Add(Attempt, where.name, more[0]/float64(repeats))
	}
	return nil
}

// Second has what a command of some second takes, in seconds.
const Second = "second"

// Commands of a second: one computes, one sleeps; bare and discovered.
const (
	Computes           = "computes"
	ComputesDiscovered = "computes, discovered"
	Sleeps             = "sleeps"
	SleepsDiscovered   = "sleeps, discovered"
)

// Seconds measures what a discovery adds to a command of a second.
func (b *Bench) Seconds(ctx context.Context, into sample.Set) error {
	b.Log("commands of a second")
	spin := []string{b.load, "/dev/null", same, "each", "spin", "1"}
	// One spin takes about a millisecond; count how many make a second.
	ns, err := b.run1(ctx, watch.Watcher{}, same, "each", "spin", "100")
	if err != nil {
		return err
	}
	spin[5] = strconv.Itoa(max(1, int(1e9/ns)))
	for _, subject := range []struct {
		name    string
		command []string
	}{
		{Computes, spin},
		{ComputesDiscovered, b.discover(append([]string{"--"}, spin...)...)},
		{Sleeps, []string{"sleep", "1"}},
		{SleepsDiscovered, b.discover("--", "sleep", "1")},
	} {
		all := sample.Set{}
		if err := b.started(ctx, all, subject.name, 1, subject.command); err != nil {
			return err
		}
		into.Add(Second, subject.name, all.Get(Startup, subject.name)[0])
	}
	return nil
}
