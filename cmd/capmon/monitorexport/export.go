// Package monitorexport sends what a monitor sees to others: to an OpenTelemetry
// collector (OTLP) as log records and counters, and to Prometheus as counters.
//
//	e, err := monitorexport.Open(ctx, monitorexport.Config{Settings: settings, Say: say})
//	if err != nil {
//		return err
//	}
//	e.Start(m.Backend())
//	err = m.Run(ctx, func(burst []monitor.Event) error { e.Add(burst); return nil })
//	result := e.Close()
//
// All of its memory is bounded. What finds no room, or is not taken by the
// collector, is counted, and the count is exported too.
package monitorexport

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/capmon/capmon/cmd/capmon/cgroup"
	"github.com/capmon/capmon/cmd/capmon/otelnames"
	"github.com/capmon/capmon/trace/monitor"
)

// Owners finds to whom the process of a check belongs. A Finder does.
type Owners interface {
	Owner(monitor.Event) cgroup.Owner
	Executable(monitor.Event) string
}

// Config is what an Exporter needs.
type Config struct {
	// OTLP is how to export to a collector; nil for not at all.
	OTLP *Settings
	// Version is capmon's.
	Version string
	// Host is the name of a machine that is simulated; "" for this one.
	Host string
	// Owners is nil for a Finder.
	Owners Owners
	// Say tells a person what went wrong, in one line.
	Say func(format string, args ...any)
}

// Exporter takes checks from one goroutine, and never waits for the network.
type Exporter struct {
	config  Config
	tally   *Tally
	queue   *queue
	sender  *sender // nil without log records
	metrics *metrics
	health  *health // nil without a collector
	backend string
	said    bool // that the queue is full
}

// Open connects to nothing yet: a collector may be there later. An error is one
// sentence, and about the configuration.
func Open(ctx context.Context, c Config) (*Exporter, error) {
	if c.Owners == nil {
		c.Owners = NewFinder()
	}
	e := &Exporter{config: c, tally: NewTally()}
	e.tally.Full = func() {
		c.Say("more than %d label sets, or %d names in one unit or container: further ones are counted without labels", maxSeries, maxNames)
	}
	if c.OTLP == nil {
		return e, nil
	}
	e.health = &health{settings: *c.OTLP, say: c.Say}
	instance := newInstance()
	host, err := hostResource(ctx, c, instance)
	if err != nil {
		return nil, err
	}
	if c.OTLP.Metrics {
		if e.metrics, err = newMetrics(ctx, *c.OTLP, host, c.Version, e.tally, e.health); err != nil {
			return nil, err
		}
	}
	if c.OTLP.Logs {
		client, err := c.OTLP.newLogClient(ctx)
		if err != nil {
			e.closeMetrics()
			return nil, err
		}
		e.queue = newQueue(c.OTLP.Queue)
		e.sender = newSender(*c.OTLP, client, newRecords(host, c.Version, instance), e.queue, e.tally, e.health)
	}
	return e, nil
}

// Start begins to send what a monitor with that backend sees.
func (e *Exporter) Start(backend string) {
	e.backend = backend
	if e.sender != nil {
		e.sender.started = true
		go e.sender.run()
	}
}

// Add takes checks.
func (e *Exporter) Add(burst []monitor.Event) {
	for _, event := range burst {
		exe := ""
		if e.sender != nil { // the counters have no room for it
			exe = e.config.Owners.Executable(event)
		}
		k := kindOf(event, e.config.Owners.Owner(event), exe)
		e.tally.add(k, event.Check.Count, event.Time)
		if e.sender == nil {
			continue
		}
		if !e.queue.add(k, event) {
			e.tally.Lose(otelnames.LostInQueue, event.Check.Count)
			e.crowded()
		}
		if e.queue.len() > e.config.OTLP.Queue/2 {
			e.sender.hurry()
		}
	}
}

// crowded says once that the queue is full.
func (e *Exporter) crowded() {
	if !e.said {
		e.said = true
		e.config.Say("more than %d kinds of checks wait to be exported: what finds no room in the queue is lost and counted; %s makes it larger",
			e.config.OTLP.Queue, envQueue)
	}
}

// SetLostInKernel says how many checks the monitor has lost by now.
func (e *Exporter) SetLostInKernel(n uint64) { e.tally.SetLost(otelnames.LostInKernel, n) }

// Result is what became of the checks.
type Result struct {
	// Checks were seen, and Delivered of them taken by the collector.
	Checks, Delivered uint64
	// Lost is how many were lost, by reason (otelnames.LossReasons).
	Lost map[string]uint64
	// Reached: the collector took something.
	Reached bool
	// Trouble is what is wrong with it, "" for nothing.
	Trouble string
}

// String says what was lost, and where.
func (r Result) String() string {
	text := fmt.Sprintf("%d of %d checks exported", r.Delivered, r.Checks)
	where := map[string]string{
		otelnames.LostInKernel: "in the kernel", otelnames.LostInQueue: "for want of room in the queue",
		otelnames.LostRejected: "rejected by the collector", otelnames.LostUnsent: "not sent by the end",
	}
	for _, reason := range slices.Sorted(maps.Keys(r.Lost)) {
		if n := r.Lost[reason]; n > 0 && reason != otelnames.LostInKernel {
			text += fmt.Sprintf(", %d %s", n, where[reason])
		}
	}
	return text
}

// Close sends what is left, waits for that as long as the settings say, and
// leaves nothing running.
func (e *Exporter) Close() Result {
	r := Result{}
	if e.sender != nil {
		e.sender.stop()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		// It has no more to send; what goes wrong with closing harms nobody.
		_ = e.sender.client.Shutdown(ctx)
		r.Delivered = e.sender.delivered.Load()
	}
	if e.health != nil {
		if e.health.trouble() == "" {
			e.closeMetrics()
		} else {
			e.dropMetrics()
		}
		r.Reached, r.Trouble = e.health.wasReached(), e.health.trouble()
	}
	r.Checks, r.Lost = e.tally.status()
	return r
}
