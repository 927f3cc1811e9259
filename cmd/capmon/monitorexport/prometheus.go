package monitorexport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/otelnames"
)

// scrapes is how many may read at a time, and scrapeTime how long one may take.
const (
	scrapes    = 4
	scrapeTime = 10 * time.Second
)

var (
	checksDesc = prometheus.NewDesc("capmon_checks_total", "Capability checks of the kernel.",
		[]string{"capability", "verdict", "process", "unit", "container", "pod_uid"}, nil)
	overflowDesc = prometheus.NewDesc("capmon_overflow_checks_total",
		"Capability checks that are missing in capmon_checks_total, since there were too many label sets.", nil, nil)
	lostDesc = prometheus.NewDesc("capmon_lost_checks_total", "Capability checks that were lost, and where.", []string{"reason"}, nil)
	infoDesc = prometheus.NewDesc("capmon_build_info", "Which capmon this is, and how it traces.", []string{"version", "backend"}, nil)
)

// Server serves the counters to Prometheus.
type Server struct {
	server   http.Server
	listener net.Listener
}

// Listen takes the address, so that a mistake is found before anything is
// traced. An error is one sentence.
func Listen(address string) (*Server, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return nil, fmt.Errorf("%q is not an address: give one such as localhost:9464, or :9464 for every interface", address)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		var dns *net.DNSError
		var wrong *net.AddrError
		if errors.As(err, &dns) || errors.As(err, &wrong) {
			return nil, fmt.Errorf("%q is not an address of this machine: give one such as localhost:9464, or :9464 for every interface", address)
		}
		return nil, fmt.Errorf("cannot listen on %s: %w", address, exit.RootCause(err))
	}
	return &Server{listener: l}, nil
}

// Address is where it listens.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Serve serves what the exporter counts, in the background. The exporter has been
// started.
func (s *Server) Serve(e *Exporter) error {
	registry := prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{
		counters{e}, collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := registry.Register(c); err != nil {
			return fmt.Errorf("register counters: %w", err)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: scrapes, Timeout: scrapeTime, EnableOpenMetrics: true,
	}))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		// Whoever does not read the answer does not miss it.
		_, _ = fmt.Fprintln(w, "capmon monitor: the counters are at /metrics")
	})
	s.server = http.Server{
		Handler: mux, ReadHeaderTimeout: scrapeTime, ReadTimeout: scrapeTime, WriteTimeout: 2 * scrapeTime,
		IdleTimeout: 5 * time.Minute, MaxHeaderBytes: 16 << 10,
	}
	go func() {
		// It ends when it is closed; there is nothing else to end it.
		_ = s.server.Serve(s.listener)
	}()
	return nil
}

// Close ends it. A scrape that is under way may take a second more.
func (s *Server) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close()
	}
	_ = s.listener.Close()
}

// counters is the tally as Prometheus collects it.
type counters struct{ *Exporter }

// Describe implements prometheus.Collector.
func (c counters) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{checksDesc, overflowDesc, lostDesc, infoDesc} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c counters) Collect(to chan<- prometheus.Metric) {
	now := c.tally.snapshot()
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	for l, n := range now.series {
		count(checksDesc, n, l.cap.String(), string(l.verdict), l.process, l.owner.Unit, l.owner.Container, l.owner.Pod)
	}
	count(overflowDesc, now.overflow)
	for _, reason := range otelnames.LossReasons() {
		count(lostDesc, now.lost[reason], reason)
	}
	to <- prometheus.MustNewConstMetric(infoDesc, prometheus.GaugeValue, 1, c.config.Version, c.backend)
}
