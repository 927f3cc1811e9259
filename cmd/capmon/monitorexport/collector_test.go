package monitorexport

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	colmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/capmon/capmon/cmd/capmon/otelnames"
	"github.com/capmon/capmon/internal/testenv"
)

// mood is how a collector answers.
type mood int

const (
	taking   mood = iota
	busy          // come again later
	refusing      // never
	partial       // one record of each request is rejected
	stuck         // no answer
)

// collector is one that does what a test wants, by both protocols.
type collector struct {
	url string

	mu      sync.Mutex
	mood    mood
	seen    map[string]*received // by the record's uid
	status  map[string]int64     // the last
	series  map[string]int64     // counters: name, and attributes in order
	headers map[string]string
	asked   int
}

type received struct {
	resource, attributes map[string]string
	count                int64
	severity             string
}

// startCollector listens by the protocol, with TLS if there is a certificate.
func startCollector(t *testing.T, p Protocol, certificate *tls.Certificate) *collector {
	t.Helper()
	c := &collector{seen: map[string]*received{}, status: map[string]int64{}, series: map[string]int64{}, headers: map[string]string{}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testenv.Must(t, err)
	c.url = "http://" + l.Addr().String()
	if certificate != nil {
		c.url = "https://" + l.Addr().String()
	}
	if p == GRPC {
		var options []grpc.ServerOption
		if certificate != nil {
			options = append(options, grpc.Creds(credentials.NewServerTLSFromCert(certificate)))
		}
		s := grpc.NewServer(options...)
		collogs.RegisterLogsServiceServer(s, logsServer{collector: c})
		colmetrics.RegisterMetricsServiceServer(s, metricsServer{collector: c})
		go func() { _ = s.Serve(l) }()
		t.Cleanup(s.Stop)
		return c
	}
	if certificate != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*certificate}})
	}
	s := &http.Server{Handler: c}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { testenv.Must(t, s.Close()) })
	return c
}

type logsServer struct {
	collogs.UnimplementedLogsServiceServer
	*collector
}

func (s logsServer) Export(ctx context.Context, r *collogs.ExportLogsServiceRequest) (*collogs.ExportLogsServiceResponse, error) {
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		s.mu.Lock()
		for name, values := range md {
			s.headers[name] = values[0]
		}
		s.mu.Unlock()
	}
	switch s.now() {
	case busy:
		return nil, status.Error(codes.Unavailable, "come again")
	case refusing:
		return nil, status.Error(codes.InvalidArgument, "not like this")
	case stuck:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.take(r), nil
}

type metricsServer struct {
	colmetrics.UnimplementedMetricsServiceServer
	*collector
}

func (s metricsServer) Export(_ context.Context, r *colmetrics.ExportMetricsServiceRequest) (*colmetrics.ExportMetricsServiceResponse, error) {
	s.takeMetrics(r)
	return &colmetrics.ExportMetricsServiceResponse{}, nil
}

// ServeHTTP is OTLP by HTTP.
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if r.URL.Path == "/v1/metrics" {
		m := &colmetrics.ExportMetricsServiceRequest{}
		if proto.Unmarshal(raw, m) == nil {
			c.takeMetrics(m)
		}
		return
	}
	c.mu.Lock()
	for name := range r.Header {
		c.headers[strings.ToLower(name)] = r.Header.Get(name)
	}
	c.mu.Unlock()
	switch c.now() {
	case busy:
		http.Error(w, "come again", http.StatusServiceUnavailable)
		return
	case refusing:
		http.Error(w, "not like this", http.StatusBadRequest)
		return
	case stuck:
		<-r.Context().Done()
		return
	}
	logs := &collogs.ExportLogsServiceRequest{}
	if err := proto.Unmarshal(raw, logs); err != nil || r.URL.Path != "/v1/logs" {
		http.Error(w, "not OTLP", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	answer, err := proto.Marshal(c.take(logs))
	if err == nil {
		_, _ = w.Write(answer)
	}
}

func (c *collector) now() mood {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	return c.mood
}

func (c *collector) be(m mood) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mood = m
}

func (c *collector) take(r *collogs.ExportLogsServiceRequest) *collogs.ExportLogsServiceResponse {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer := &collogs.ExportLogsServiceResponse{}
	skip := c.mood == partial
	for _, of := range r.ResourceLogs {
		for _, scope := range of.ScopeLogs {
			for _, record := range scope.LogRecords {
				a := texts(record.Attributes)
				if record.EventName == otelnames.EventStatus {
					for _, kv := range record.Attributes {
						c.status[kv.Key] = kv.Value.GetIntValue()
					}
					continue
				}
				if skip {
					skip = false
					answer.PartialSuccess = &collogs.ExportLogsPartialSuccess{RejectedLogRecords: 1, ErrorMessage: "one too many"}
					continue
				}
				var n int64
				for _, kv := range record.Attributes {
					if kv.Key == otelnames.Count {
						n = kv.Value.GetIntValue()
					}
				}
				c.seen[a[otelnames.RecordUID]] = &received{texts(of.Resource.Attributes), a, n, record.SeverityText}
			}
		}
	}
	return answer
}

func (c *collector) takeMetrics(r *colmetrics.ExportMetricsServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, of := range r.ResourceMetrics {
		for _, scope := range of.ScopeMetrics {
			for _, m := range scope.Metrics {
				for _, p := range m.GetSum().GetDataPoints() {
					key := m.Name
					for _, kv := range p.Attributes {
						key += " " + kv.Key + "=" + kv.Value.GetStringValue()
					}
					c.series[key] = p.GetAsInt()
				}
			}
		}
	}
}

func texts(attributes []*common.KeyValue) map[string]string {
	m := map[string]string{}
	for _, kv := range attributes {
		m[kv.Key] = kv.Value.GetStringValue()
	}
	return m
}

// checks is how many arrived.
func (c *collector) checks() (n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.seen {
		n += uint64(r.count)
	}
	return n
}

func (c *collector) requests() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked
}

// await waits until it is true.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s does not come true", what)
		}
	}
}

// certificate is one for 127.0.0.1 that signs itself, and its file.
func certificate(t *testing.T) (*tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	testenv.Must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "collector"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	testenv.Must(t, err)
	file := filepath.Join(t.TempDir(), "ca.pem")
	var text bytes.Buffer
	testenv.Must(t, pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der}))
	testenv.Must(t, os.WriteFile(file, text.Bytes(), 0o600))
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}
