package main

import (
	"context"
	"slices"

	"github.com/capmon/capmon/scripts/bench/measure"
	"github.com/capmon/capmon/scripts/bench/report"
	"github.com/capmon/capmon/scripts/bench/watch"
)

// plan is what is measured, in which order.
type plan struct {
	*measure.Bench
	options
	results *report.Results
}

func (p plan) carryOut(ctx context.Context) error {
	watchers := slices.Concat([]watch.Watcher{{Name: watch.Bare, Slow: 1}}, watch.Capmon(p.Capmon), watch.Empty(), watch.Peers())
	watchers, p.results.LeftOut = p.Works(ctx, watchers)
	for _, w := range watchers {
		p.results.Watchers = append(p.results.Watchers, w.Name)
	}
	if p.guest {
		return p.repeat(func() error { return p.Ops(ctx, p.results.Samples, watchers) })
	}
	if err := p.WritePrograms(); err != nil {
		return err
	}
	p.results.Scales = p.Scales()
	if err := p.repeat(func() error { return p.round(ctx, watchers) }); err != nil {
		return err
	}
	if err := p.Idle(ctx, p.results.Samples, named(watchers, watch.Beside, watch.Monitor)); err != nil {
		return err
	}
	return p.MonitorMinute(ctx, p.results.Samples)
}

func (p plan) repeat(round func() error) error {
	for i := range p.rounds {
		p.Log("round %d of %d", i+1, p.rounds)
		if err := round(); err != nil {
			return err
		}
	}
	return nil
}

// round measures everything once, so that a change of what else the machine
// does touches all alike.
func (p plan) round(ctx context.Context, watchers []watch.Watcher) error {
	into := p.results.Samples
	for _, part := range []func() error{
		func() error { return p.Ops(ctx, into, watchers) },
		func() error { return p.Startup(ctx, into) },
		func() error { return p.Attempts(ctx, into) },
		func() error { return p.Seconds(ctx, into) },
	} {
		if err := part(); err != nil {
			return err
		}
	}
	for _, scale := range p.results.Scales {
		if err := p.Scaled(ctx, into, scale, named(watchers, watch.Bare, watch.Monitor, watch.Count)); err != nil {
			return err
		}
	}
	return nil
}

func named(watchers []watch.Watcher, names ...string) []watch.Watcher {
	return slices.DeleteFunc(slices.Clone(watchers), func(w watch.Watcher) bool { return !slices.Contains(names, w.Name) })
}
