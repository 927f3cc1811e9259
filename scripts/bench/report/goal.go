// Package report says what a benchmark found: the goals, tables and plots.
package report

import (
	"fmt"
	"math"

	"github.com/capmon/capmon/scripts/bench/measure"
	"github.com/capmon/capmon/scripts/bench/sample"
	"github.com/capmon/capmon/scripts/bench/watch"
)

// Goal is something to reach: a number that shall be at most Limit.
type Goal struct {
	Text  string
	Unit  string
	Limit float64
	// Rounds has a number a round.
	Rounds []float64
	// Note says what keeps the number from being lower, for one that is not
	// reached.
	Note string
}

// Measured says whether there is anything to judge.
func (g Goal) Measured() bool { return len(g.Rounds) > 0 }

// Stat sums the rounds up.
func (g Goal) Stat() sample.Stat { return sample.Of(g.Rounds) }

// Met says whether the goal is reached, by the median.
func (g Goal) Met() bool { return g.Measured() && g.Stat().Median <= g.Limit }

// Goals are what capmon wants to reach. Each compares what was measured in the
// same round.
func Goals(s sample.Set, scales []measure.Scale) []Goal {
	var goals []Goal
	goals = append(goals, operationGoals(s)...)
	goals = append(goals, startupGoals(s)...)
	goals = append(goals, attemptGoals(s)...)
	goals = append(goals, scaleGoals(s, scales)...)
	return append(goals, minuteGoals(s)...)
}

func operationGoals(s sample.Set) []Goal {
	added := func(op, subject string) []float64 { return s.Added(op, subject, watch.Bare) }
	check := func(subject string) []float64 { return added(measure.Check, subject) }
	over := func(subject, peer string) []float64 { return sample.Ratio(check(subject), check(peer)) }
	return []Goal{
		{Text: "a followed check adds, compared with what bpftrace's count adds", Limit: 1.5,
			Rounds: over(watch.Followed, watch.Count),
			Note: "It takes two programs, on the check and on the end of its system call, where a count takes one: each costs what the " +
				"empty programs below cost, before it does anything."},
		{Text: "a followed check adds, compared with what bpftrace's count with `kstack` adds", Limit: 0.25,
			Rounds: over(watch.Followed, watch.CountStack)},
		{Text: "a monitored check adds, compared with what bpftrace's count adds", Limit: 1,
			Rounds: over(watch.Monitor, watch.Count)},
		{Text: "a check that the monitor filters out by capability adds, compared with an empty program", Limit: 2,
			Rounds: over(watch.FilteredCap, watch.EmptyCheck)},
		{Text: "a check that the monitor filters out by process adds, compared with an empty program", Limit: 2,
			Rounds: over(watch.FilteredPID, watch.EmptyCheck)},
		{Text: "a check of another process adds, while one is followed", Unit: "ns", Limit: 120,
			Rounds: check(watch.Beside)},
		{Text: "a system call of another process without a check adds, while one is followed, compared with an empty program on sys_exit", Limit: 1,
			Rounds: sample.Ratio(added(measure.Getppid, watch.Beside), added(measure.Getppid, watch.EmptyExit)),
			Note: "All beyond the empty program is a look at one field of the task. Task work (Linux 6.18) could tell of the tasks that are " +
				"followed, and of no others; but to schedule it goes by an interrupt, and costs each of their checks what the table below says."},
	}
}

func startupGoals(s sample.Set) []Goal {
	ms := func(subject string) []float64 {
		return sample.Scale(s.Added(measure.Startup, subject, measure.True), 1000)
	}
	return []Goal{
		{Text: "`capmon true` takes longer than `true`", Unit: "ms", Limit: 70, Rounds: ms(measure.TrueFollowed)},
		{Text: "`capmon true` compared with bpftrace's count of `true`", Limit: 1.0 / 6,
			Rounds: sample.Ratio(s.Get(measure.Startup, measure.TrueFollowed), s.Get(measure.Startup, measure.TrueCounted))},
		{Text: "`capmon discover true` takes longer than `true`, one attempt included", Unit: "ms", Limit: 73,
			Rounds: ms(measure.TrueDiscovered)},
		{Text: "memory of `capmon true`", Unit: "MiB", Limit: 24,
			Rounds: sample.Scale(s.Get(measure.Resident, measure.TrueFollowed), 1.0/1024),
			Note: "`capmon version`, which does nothing, takes more than half of it: the program and Go's runtime. gRPC and OpenTelemetry's " +
				"libraries, for `monitor --otlp`, doubled the program."},
	}
}

func attemptGoals(s sample.Set) []Goal {
	// Ns to seconds.
	spawn := sample.Scale(s.Get(measure.Spawn, watch.Bare), 1e-9)
	over := func(where string) []float64 {
		return sample.Scale(sample.Minus(s.Get(measure.Attempt, where), spawn), 1000)
	}
	started := sample.Minus(s.Get(measure.Startup, measure.TrueDiscovered), s.Get(measure.Startup, measure.True))
	percent := func(discovered, bare string) []float64 {
		base := s.Get(measure.Second, bare)
		more := sample.Minus(sample.Minus(s.Get(measure.Second, discovered), base), started)
		return sample.Scale(sample.Ratio(more, base), 100)
	}
	return []Goal{
		{Text: "an attempt takes longer than fork and exec, on the host", Unit: "ms", Limit: 3, Rounds: over(measure.OnHost)},
		{Text: "an attempt takes longer than fork and exec, in a sandbox", Unit: "ms", Limit: 15, Rounds: over(measure.InSandbox)},
		{Text: "`discover` of a command that computes for a second takes longer, start-up aside", Unit: "%", Limit: 1,
			Rounds: percent(measure.ComputesDiscovered, measure.Computes)},
		{Text: "`discover` of a command that sleeps for a second takes longer, start-up aside", Unit: "%", Limit: 1,
			Rounds: percent(measure.SleepsDiscovered, measure.Sleeps)},
	}
}

func scaleGoals(s sample.Set, scales []measure.Scale) []Goal {
	var goals []Goal
	for _, scale := range scales {
		most := scale.Sizes[len(scale.Sizes)-1]
		at := scale.Measure(most)
		name := fmt.Sprintf("%s %s", thousands(float64(most)), scale.Name)
		if growth := growth(s, scale); growth != nil {
			goals = append(goals, Goal{
				Text:  fmt.Sprintf("a followed %s costs at its dearest compared with at its cheapest, from %s to %s", scale.Unit, thousands(float64(scale.Sizes[0])), name),
				Limit: 1.2, Rounds: growth,
			})
		}
		goals = append(goals,
			Goal{Text: name + ", followed: records lost", Rounds: s.Get(at, measure.Lost)},
			Goal{Text: name + ", followed: checks missing in the report", Rounds: sizes(s.Get(at, measure.Missing))},
			Goal{Text: name + ", followed: memory", Unit: "MiB", Limit: 64, Rounds: sample.Scale(s.Get(at, measure.Resident), 1.0/1024)})
	}
	return goals
}

// growth is the greatest of the times per unit that the sizes have, divided by
// the least. For processes, whose own cost depends on how many there are, the
// times are compared with those without a watcher.
func growth(s sample.Set, scale measure.Scale) []float64 {
	if len(scale.Sizes) < 2 {
		return nil
	}
	var medians []float64
	for _, n := range scale.Sizes {
		values := s.Get(scale.Measure(n), watch.Followed)
		if scale.Name == "processes" {
			values = sample.Ratio(values, s.Get(scale.Measure(n), watch.Bare))
		}
		medians = append(medians, sample.Of(values).Median)
	}
	all := sample.Of(medians)
	return []float64{all.High / all.Low}
}

func sizes(values []float64) []float64 {
	var all []float64
	for _, v := range values {
		all = append(all, math.Abs(v))
	}
	return all
}

func minuteGoals(s sample.Set) []Goal {
	return []Goal{
		{Text: "a million checks a second, monitored: checks neither shown nor counted as lost",
			Rounds: sizes(s.Get(measure.Minute, measure.Missing))},
		{Text: "a million checks a second, monitored: memory", Unit: "MiB", Limit: 64,
			Rounds: sample.Scale(s.Get(measure.Minute, measure.Resident), 1.0/1024)},
	}
}
