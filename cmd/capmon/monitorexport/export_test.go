package monitorexport

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/cgroup"
	"github.com/capmon/capmon/cmd/capmon/otelnames"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/monitor"
)

// known tells owners that a test has made up.
type known struct{}

func (known) Owner(e monitor.Event) cgroup.Owner {
	switch e.Cgroup {
	case 1:
		return cgroup.Owner{Unit: "nginx.service"}
	case 2:
		return cgroup.Owner{Container: strings.Repeat("c", 64), Pod: "0a1b2c3d-1111-2222-3333-444455556666"}
	}
	return cgroup.Owner{}
}

func (known) Executable(e monitor.Event) string { return "/usr/sbin/" + e.Check.Process.Comm }

// said are the lines for a person.
type said struct {
	mu    sync.Mutex
	lines []string
}

func (s *said) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

func (s *said) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// exporting is an exporter to a collector.
type exporting struct {
	*Exporter
	said *said
}

func startExport(t *testing.T, url string, p Protocol, change func(*Settings)) exporting {
	t.Helper()
	t.Setenv(envProtocol, string(p))
	s, err := ReadSettings(url)
	testenv.Must(t, err)
	s.Delay = 20 * time.Millisecond
	if change != nil {
		change(&s)
	}
	said := &said{}
	e, err := Open(t.Context(), Config{OTLP: &s, Version: "1.2.3", Owners: known{}, Say: said.say})
	testenv.Must(t, err)
	e.Start("test")
	return exporting{e, said}
}

func event(comm string, c caps.Cap, v trace.Verdict, group uint64, count uint64) monitor.Event {
	return monitor.Event{Time: time.Now(), UID: 33, Cgroup: group, Check: trace.Check{
		Process: trace.Process{PID: 7, PPID: 1, Comm: comm}, Cap: c, Verdict: v, Audited: true, InitialNS: true,
		Syscall: "bind", Function: "inet_bind", Count: count,
	}}
}

// eachProtocol runs a test with both.
func eachProtocol(t *testing.T, test func(t *testing.T, p Protocol)) {
	for _, p := range []Protocol{GRPC, HTTP} {
		t.Run(strings.ReplaceAll(string(p), "/", " "), func(t *testing.T) { test(t, p) })
	}
}

func lost(r Result) (n uint64) {
	for _, one := range r.Lost {
		n += one
	}
	return n
}

func TestRecordsArriveAsDescribed(t *testing.T) {
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "host.name=node-1,deployment.environment.name=test")
	t.Setenv(envHeaders, "authorization=Bearer%20token")
	eachProtocol(t, func(t *testing.T, p Protocol) {
		c := startCollector(t, p, nil)
		e := startExport(t, c.url, p, func(s *Settings) { s.Delay = time.Hour })
		e.Add([]monitor.Event{
			event("nginx", caps.NetBindService, trace.Pass, 1, 2), event("nginx", caps.NetBindService, trace.Pass, 1, 3),
			event("a\xffb", caps.SysAdmin, trace.Fail, 2, 1),
		})
		again := event("nginx", caps.NetBindService, trace.Pass, 1, 1)
		again.Check.Process.PID = 8
		e.Add([]monitor.Event{again})
		if r := e.Close(); r.Delivered != 7 || lost(r) != 0 || r.String() != "7 of 7 checks exported" {
			t.Errorf("%+v, %s", r, r)
		}
		if len(c.seen) != 2 {
			t.Fatalf("%d records, want 2: %v", len(c.seen), c.seen)
		}
		for _, r := range c.seen {
			want := map[string]string{
				otelnames.HostName: "node-1", otelnames.ServiceName: "capmon", otelnames.Version: "1.2.3", "os.type": "linux",
				"deployment.environment.name": "test",
			}
			attributes := map[string]string{otelnames.Syscall: "bind", otelnames.Function: "inet_bind"}
			if r.count == 6 {
				want[otelnames.Unit] = "nginx.service"
				attributes[otelnames.Capability], attributes[otelnames.Verdict] = "CAP_NET_BIND_SERVICE", "PASS"
				attributes[otelnames.ExePath], attributes[otelnames.ExeName], attributes[otelnames.ProcessTitle] = "/usr/sbin/nginx", "nginx", "nginx"
				if _, ok := r.attributes[otelnames.PID]; ok || r.severity != "INFO" {
					t.Errorf("a record of two processes: %+v", r)
				}
			} else {
				want[otelnames.ContainerID], want[otelnames.PodUID] = strings.Repeat("c", 64), "0a1b2c3d-1111-2222-3333-444455556666"
				attributes[otelnames.Capability], attributes[otelnames.Verdict] = "CAP_SYS_ADMIN", "FAIL"
				attributes[otelnames.ProcessTitle] = "a\uFFFDb"
				if _, ok := r.attributes[otelnames.PID]; !ok || r.severity != "WARN" {
					t.Errorf("a refusal of one process: %+v", r)
				}
			}
			for name, value := range want {
				if r.resource[name] != value {
					t.Errorf("resource: %s is %q, want %q", name, r.resource[name], value)
				}
			}
			for name, value := range attributes {
				if r.attributes[name] != value {
					t.Errorf("%s is %q, want %q", name, r.attributes[name], value)
				}
			}
		}
		if c.headers["authorization"] != "Bearer token" {
			t.Errorf("headers %q", c.headers)
		}
		if c.status[otelnames.Checks] != 7 {
			t.Errorf("status %v", c.status)
		}
		nginx := "capmon.checks capmon.capability=CAP_NET_BIND_SERVICE capmon.verdict=PASS process.title=nginx systemd.unit.name=nginx.service"
		if c.series[nginx] != 6 {
			t.Errorf("counters %v", c.series)
		}
		if n, ok := c.series["capmon.checks.lost capmon.loss.reason=queue"]; n != 0 || !ok {
			t.Errorf("counters %v", c.series)
		}
	})
}

// While a collector answers with errors or not at all, nothing is lost that has
// room, and all of it arrives when the collector is itself again.
func TestCollectorRecovers(t *testing.T) {
	for _, m := range []mood{busy, stuck} {
		eachProtocol(t, func(t *testing.T, p Protocol) {
			t.Setenv(envTimeout, "200")
			c := startCollector(t, p, nil)
			c.be(m)
			e := startExport(t, c.url, p, nil)
			var sum uint64
			for i := range 200 {
				e.Add([]monitor.Event{event(fmt.Sprint("p", i%20), caps.Kill, trace.Pass, 1, uint64(i))})
				sum += uint64(i)
			}
			await(t, "another try", func() bool { return c.requests() > 1 })
			c.be(taking)
			await(t, "that all arrives", func() bool { return c.checks() == sum })
			if r := e.Close(); r.Delivered != sum || lost(r) != 0 || !r.Reached {
				t.Errorf("%+v", r)
			}
			lines := strings.Split(e.said.text(), "\n")
			if len(lines) != 2 || !strings.Contains(lines[0], "cannot export to "+c.url+": ") || !strings.Contains(lines[1], "exporting to "+c.url+" again") {
				t.Errorf("said %q", lines)
			}
		})
	}
}

// What the collector will never take is counted and not sent again.
func TestCollectorRefuses(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p Protocol) {
		c := startCollector(t, p, nil)
		c.be(refusing)
		e := startExport(t, c.url, p, nil)
		e.Add([]monitor.Event{event("a", caps.Kill, trace.Pass, 1, 5)})
		r := e.Close()
		if r.Delivered != 0 || r.Lost[otelnames.LostRejected] != 5 || r.Reached || !strings.Contains(r.Trouble, "not like this") {
			t.Errorf("%+v", r)
		}
		if n := c.requests(); n > 3 {
			t.Errorf("asked %d times", n)
		}
		if got := r.String(); got != "0 of 5 checks exported, 5 rejected by the collector" {
			t.Errorf("said %q", got)
		}
	})
}

func TestCollectorRejectsAPart(t *testing.T) {
	eachProtocol(t, func(t *testing.T, p Protocol) {
		c := startCollector(t, p, nil)
		c.be(partial)
		e := startExport(t, c.url, p, func(s *Settings) { s.Delay = time.Hour })
		for i := range 3 {
			e.Add([]monitor.Event{event(fmt.Sprint("p", i), caps.Kill, trace.Pass, 1, 2)})
		}
		r := e.Close()
		if r.Delivered != 4 || r.Lost[otelnames.LostRejected] != 2 || c.checks() != 4 {
			t.Errorf("%+v, and %d arrived", r, c.checks())
		}
	})
}

// Where nobody listens, the end does not wait, and all is counted.
func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testenv.Must(t, err)
	url := "http://" + l.Addr().String()
	testenv.Must(t, l.Close())
	eachProtocol(t, func(t *testing.T, p Protocol) {
		before := runtime.NumGoroutine()
		e := startExport(t, url, p, func(s *Settings) { s.Queue, s.Batch = 10, 10 })
		for i := range 100 {
			e.Add([]monitor.Event{event(fmt.Sprint("p", i%25), caps.Kill, trace.Verdict(fmt.Sprint(i)), 1, 1)})
		}
		await(t, "a word on it", func() bool { return strings.Contains(e.said.text(), "cannot export") })
		began := time.Now()
		r := e.Close()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the end took %v", took)
		}
		if r.Reached || r.Delivered != 0 || lost(r) != 100 || r.Lost[otelnames.LostInQueue] < 80 {
			t.Errorf("%+v", r)
		}
		if !strings.Contains(r.Trouble, "connection refused") || strings.Contains(r.Trouble, "\n") || strings.Contains(r.Trouble, "rpc error") {
			t.Errorf("trouble %q", r.Trouble)
		}
		if text := e.said.text(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "what finds no room in the queue is lost") {
			t.Errorf("said %q", text)
		}
		await(t, "that nothing runs any more", func() bool { return runtime.NumGoroutine() <= before })
	})
}

// Counters alone say how the collector is, too.
func TestCountersAlone(t *testing.T) {
	t.Setenv(envLogs, "none")
	eachProtocol(t, func(t *testing.T, p Protocol) {
		c := startCollector(t, p, nil)
		e := startExport(t, c.url, p, nil)
		e.Add([]monitor.Event{event("a", caps.Kill, trace.Pass, 1, 5)})
		if r := e.Close(); !r.Reached || r.Trouble != "" || e.said.text() != "" || len(c.seen) != 0 {
			t.Errorf("%+v, said %q", r, e.said.text())
		}
		if n := c.series["capmon.checks capmon.capability=CAP_KILL capmon.verdict=PASS process.title=a systemd.unit.name=nginx.service"]; n != 5 {
			t.Errorf("counters %v", c.series)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		testenv.Must(t, err)
		testenv.Must(t, l.Close())
		t.Setenv(envTimeout, "300")
		e = startExport(t, "http://"+l.Addr().String(), p, func(s *Settings) { s.Flush = 2 * time.Second })
		if r := e.Close(); r.Reached || r.Trouble == "" || strings.Count(e.said.text(), "cannot export") != 1 {
			t.Errorf("%+v, said %q", r, e.said.text())
		}
	})
}

// Whoever mixes up the two is told.
func TestTheOtherProtocol(t *testing.T) {
	for p, other := range map[Protocol]Protocol{GRPC: HTTP, HTTP: GRPC} {
		c := startCollector(t, other, nil)
		want := "set OTEL_EXPORTER_OTLP_PROTOCOL=" + string(other)
		// Both ends speak at once, and now and then one hangs up before it has
		// heard anything that tells.
		var last string
		for range 20 {
			e := startExport(t, c.url, p, nil)
			e.Add([]monitor.Event{event("a", caps.Kill, trace.Pass, 1, 5)})
			r := e.Close()
			if lost(r) != 5 {
				t.Errorf("%s: %v", p, r)
			}
			if last = r.Trouble; strings.Contains(last, want) {
				break
			}
		}
		if !strings.Contains(last, want) {
			t.Errorf("%s: %q, want %q", p, last, want)
		}
	}
}

func TestTLS(t *testing.T) {
	cert, file := certificate(t)
	eachProtocol(t, func(t *testing.T, p Protocol) {
		c := startCollector(t, p, cert)
		t.Run("known authority", func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", file)
			e := startExport(t, c.url, p, nil)
			e.Add([]monitor.Event{event("a", caps.Kill, trace.Pass, 1, 5)})
			if r := e.Close(); r.Delivered != 5 {
				t.Errorf("%+v", r)
			}
		})
		t.Run("unknown authority", func(t *testing.T) {
			e := startExport(t, c.url, p, nil)
			e.Add([]monitor.Event{event("a", caps.Kill, trace.Pass, 1, 5)})
			if r := e.Close(); r.Delivered != 0 || lost(r) != 5 || !strings.Contains(r.Trouble, "unknown authority") {
				t.Errorf("%+v", r)
			}
		})
		t.Run("no file", func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", file+".not")
			t.Setenv(envProtocol, string(p))
			s, err := ReadSettings(c.url)
			testenv.Must(t, err)
			if _, err := Open(t.Context(), Config{OTLP: &s}); err == nil || !strings.Contains(err.Error(), "no such file") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v", err)
			}
		})
	})
}
