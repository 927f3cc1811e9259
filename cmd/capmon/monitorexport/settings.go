package monitorexport

import (
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Protocol is how OTLP is spoken.
type Protocol string

// The protocols, as OTEL_EXPORTER_OTLP_PROTOCOL has them.
const (
	GRPC Protocol = "grpc"
	HTTP Protocol = "http/protobuf"
)

// The environment variables that are read here; the exporters read others
// (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables).
const (
	envProtocol    = "OTEL_EXPORTER_OTLP_PROTOCOL"
	envHeaders     = "OTEL_EXPORTER_OTLP_HEADERS"
	envCompression = "OTEL_EXPORTER_OTLP_COMPRESSION"
	envTimeout     = "OTEL_EXPORTER_OTLP_TIMEOUT"
	envDelay       = "OTEL_BLRP_SCHEDULE_DELAY"
	envQueue       = "OTEL_BLRP_MAX_QUEUE_SIZE"
	envBatch       = "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE"
	envFlush       = "OTEL_BLRP_EXPORT_TIMEOUT"
	envLogs        = "OTEL_LOGS_EXPORTER"
	envMetrics     = "OTEL_METRICS_EXPORTER"
	envDisabled    = "OTEL_SDK_DISABLED"
)

// grpcPort is the port that is registered for OTLP by gRPC.
const grpcPort = "4317"

// Settings are how checks are exported.
type Settings struct {
	// Endpoint is the URL of the collector: http://HOST:PORT without TLS,
	// https://HOST:PORT with it.
	Endpoint *url.URL
	Protocol Protocol
	// Logs and Metrics say what is exported.
	Logs, Metrics bool
	// Delay is how long checks are folded before they are exported.
	Delay time.Duration
	// Queue is how many kinds of checks can wait, and Batch how many are sent
	// at once.
	Queue, Batch int
	// Flush is how long the end may wait for the collector.
	Flush time.Duration

	gzip bool
}

// ReadSettings reads the endpoint and the environment. An error is one sentence
// that says what to do.
func ReadSettings(endpoint string) (Settings, error) {
	s := Settings{
		Logs: os.Getenv(envLogs) != "none", Metrics: os.Getenv(envMetrics) != "none",
		Delay: 10 * time.Second, Queue: 2048, Batch: 512, Flush: 10 * time.Second,
		// Records are much alike: a tenth of the bytes is left.
		gzip: os.Getenv(envCompression) == "",
	}
	var err error
	if s.Endpoint, err = parseEndpoint(endpoint); err != nil {
		return s, err
	}
	if s.Protocol, err = protocol(s.Endpoint); err != nil {
		return s, err
	}
	switch c := os.Getenv(envCompression); c {
	case "", "gzip", "none":
	default:
		return s, fmt.Errorf("%s is %q: use gzip or none", envCompression, c)
	}
	if strings.EqualFold(os.Getenv(envDisabled), "true") {
		return s, fmt.Errorf("%s is true, so that nothing would be exported: unset it", envDisabled)
	}
	if !s.Logs && !s.Metrics {
		return s, fmt.Errorf("%s and %s are none, so that nothing would be exported: unset one", envLogs, envMetrics)
	}
	if err := checkHeaders(os.Getenv(envHeaders)); err != nil {
		return s, err
	}
	var timeout time.Duration
	for _, v := range []struct {
		name string
		d    *time.Duration
	}{{envDelay, &s.Delay}, {envFlush, &s.Flush}, {envTimeout, &timeout}} {
		ms, err := number(v.name, int(*v.d/time.Millisecond))
		if err != nil {
			return s, err
		}
		*v.d = time.Duration(ms) * time.Millisecond
	}
	if s.Queue, err = number(envQueue, s.Queue); err != nil {
		return s, err
	}
	if s.Batch, err = number(envBatch, s.Batch); err != nil {
		return s, err
	}
	s.Batch = min(s.Batch, s.Queue)
	return s, nil
}

func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, fmt.Errorf("%q is not the URL of a collector: give one such as http://localhost:4317, or https:// with TLS", text)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q has more than a host, a port and a path: credentials go into %s", u.Redacted(), envHeaders)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("%q has no port between 1 and 65535", text)
		}
	}
	return u, nil
}

// protocol is the one of the environment; where it names none, the port tells.
func protocol(u *url.URL) (Protocol, error) {
	p := Protocol(os.Getenv(envProtocol))
	switch {
	case p == "" && u.Port() == grpcPort:
		p = GRPC
	case p == "":
		p = HTTP
	}
	switch {
	case p != GRPC && p != HTTP:
		return "", fmt.Errorf("%s is %q: use %s or %s", envProtocol, p, GRPC, HTTP)
	case p == GRPC && strings.Trim(u.Path, "/") != "":
		return "", fmt.Errorf("%q has a path, but %s takes none: leave it out, or set %s=%s", u, GRPC, envProtocol, HTTP)
	}
	if u.Port() == "" {
		port := "4318"
		if p == GRPC {
			port = grpcPort
		}
		u.Host += ":" + port
	}
	return p, nil
}

// checkHeaders does not repeat what is wrong: it may be a secret.
func checkHeaders(text string) error {
	if text == "" {
		return nil
	}
	for header := range strings.SplitSeq(text, ",") {
		name, value, ok := strings.Cut(header, "=")
		if _, err := url.PathUnescape(value); !ok || strings.TrimSpace(name) == "" || err != nil {
			return fmt.Errorf("%s is not a list of NAME=VALUE with commas between and %%-escapes in the values", envHeaders)
		}
	}
	return nil
}

// number reads a variable, which must be more than nothing.
func number(name string, otherwise int) (int, error) {
	text := os.Getenv(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 || n > 1<<30 {
		return 0, fmt.Errorf("%s is %q: give a whole number of at least 1", name, text)
	}
	return n, nil
}
