package monitorexport

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/capmon/capmon/cmd/capmon/otelnames"
)

// metrics exports the tally as counters, as often as OTEL_METRIC_EXPORT_INTERVAL
// says.
type metrics struct {
	provider *sdkmetric.MeterProvider
	flush    time.Duration
}

func newMetrics(ctx context.Context, s Settings, host *resource.Resource, version string, t *Tally, h *health) (*metrics, error) {
	client, err := s.newMetricClient(ctx)
	if err != nil {
		return nil, err
	}
	if !s.Logs {
		// Nothing else tells how the collector is.
		client = judged{client, h}
	}
	provider := sdkmetric.NewMeterProvider(
		sdkmetric.WithResource(host),
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(client)),
		// The tally has the bound, and says what went over it.
		sdkmetric.WithCardinalityLimit(0),
	)
	if err := register(provider.Meter(otelnames.Scope, metric.WithInstrumentationVersion(version)), t); err != nil {
		return nil, err
	}
	return &metrics{provider, s.Flush}, nil
}

// judged tells what becomes of the counters.
type judged struct {
	sdkmetric.Exporter
	health *health
}

// Export implements sdkmetric.Exporter.
func (j judged) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	err := j.Exporter.Export(ctx, m)
	if ctx.Err() == nil || err == nil {
		j.health.judge(outcomeOf(err))
	}
	return err
}

func register(meter metric.Meter, t *Tally) error {
	checks, err := meter.Int64ObservableCounter(otelnames.Checks, metric.WithUnit("{check}"),
		metric.WithDescription("Capability checks of the kernel."))
	if err != nil {
		return fmt.Errorf("make counter: %w", err)
	}
	lost, err := meter.Int64ObservableCounter(otelnames.Lost, metric.WithUnit("{check}"),
		metric.WithDescription("Capability checks that were not exported."))
	if err != nil {
		return fmt.Errorf("make counter: %w", err)
	}
	_, err = meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		now := t.snapshot()
		for l, n := range now.series {
			set := append(ownerAttributes(l.owner),
				attribute.String(otelnames.ProcessTitle, l.process),
				attribute.String(otelnames.Capability, l.cap.String()),
				attribute.String(otelnames.Verdict, string(l.verdict)))
			o.ObserveInt64(checks, int64(n), metric.WithAttributes(set...))
		}
		if now.overflow > 0 {
			o.ObserveInt64(checks, int64(now.overflow), metric.WithAttributes(attribute.Bool(otelnames.Overflow, true)))
		}
		for _, reason := range otelnames.LossReasons() {
			o.ObserveInt64(lost, int64(now.lost[reason]), metric.WithAttributes(attribute.String(otelnames.LossReason, reason)))
		}
		return nil
	}, checks, lost)
	if err != nil {
		return fmt.Errorf("make counters: %w", err)
	}
	return nil
}

// closeMetrics sends the counters once more.
func (e *Exporter) closeMetrics() {
	if e.metrics != nil {
		e.metrics.close(e.metrics.flush)
	}
}

// dropMetrics does not wait for a collector that does not answer.
func (e *Exporter) dropMetrics() {
	if e.metrics != nil {
		e.metrics.close(time.Millisecond)
	}
}

func (m *metrics) close(within time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	// Counters that do not arrive would have been the same as those before, and
	// the sender has said what is the matter.
	_ = m.provider.Shutdown(ctx)
}
