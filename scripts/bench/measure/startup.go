package measure

import (
	"context"
	"strconv"

	"github.com/capmon/capmon/scripts/bench/sample"
	"github.com/capmon/capmon/scripts/bench/watch"
)

// Startup is in seconds, Resident in KiB.
const (
	Startup  = "startup"
	Resident = "resident"
)

// What is started.
const (
	True           = "true"
	Nothing        = "capmon version"
	TrueFollowed   = "capmon true"
	TrueDiscovered = "capmon discover true"
	TrueCounted    = "bpftrace -c true"
	TrueStraced    = "strace -f true"
)

// starts is how often each is started in a round.
const starts = 5

func (b *Bench) discover(options ...string) []string {
	return append([]string{b.Capmon, "discover", "--user", "nobody", "-o", "/dev/null"}, options...)
}

// Startup measures what it takes from Enter to the answer.
func (b *Bench) Startup(ctx context.Context, into sample.Set) error {
	b.Log("start-up")
	for _, subject := range []struct {
		name    string
		command []string
	}{
		{True, []string{"true"}},
		{Nothing, []string{b.Capmon, "version"}},
		{TrueFollowed, []string{b.Capmon, "--keep-privileges", "true"}},
		{TrueDiscovered, b.discover("true")},
		{TrueCounted, []string{"bpftrace", "-e", watch.CountProgram, "-c", "/bin/true"}},
		{TrueStraced, []string{"strace", "-f", "-o", "/dev/null", "true"}},
	} {
		if !watch.Installed(subject.command[0]) {
			continue
		}
		if err := b.started(ctx, into, subject.name, starts, subject.command); err != nil {
			return err
		}
	}
	return nil
}

// started runs a command some times, and adds the median.
func (b *Bench) started(ctx context.Context, into sample.Set, name string, n int, command []string) error {
	lines, err := b.run(ctx, watch.Watcher{}, same, append([]string{"run", strconv.Itoa(n)}, command...)...)
	if err != nil {
		return err
	}
	var took, resident []float64
	for _, l := range lines {
		took, resident = append(took, l[0]), append(resident, l[1])
	}
	into.Add(Startup, name, sample.Of(took).Median)
	into.Add(Resident, name, sample.Of(resident).Median)
	return nil
}
