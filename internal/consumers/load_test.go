package consumers

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/cgroup"
	"github.com/capmon/capmon/cmd/capmon/monitorexport"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/monitor"
)

// simulated tells owners by the cgroup's number: units on every node have the
// same names.
type simulated struct{}

func (simulated) Owner(e monitor.Event) cgroup.Owner {
	return cgroup.Owner{Unit: fmt.Sprintf("service-%d.service", e.Cgroup)}
}

func (simulated) Executable(e monitor.Event) string { return "/usr/sbin/" + e.Check.Process.Comm }

// node is one machine of many.
type node struct {
	*monitorexport.Exporter
}

func newNode(t *testing.T, name, endpoint string, change func(*monitorexport.Settings)) node {
	t.Helper()
	s, err := monitorexport.ReadSettings(endpoint)
	testenv.Must(t, err)
	change(&s)
	e, err := monitorexport.Open(t.Context(), monitorexport.Config{
		OTLP: &s, Version: "0.1.0", Host: name, Owners: simulated{}, Say: func(string, ...any) {},
	})
	testenv.Must(t, err)
	e.Start("simulated")
	return node{e}
}

// kindOfCheck is the nth kind of check of a node: several in each service.
func kindOfCheck(n int) monitor.Event {
	all := caps.All().Members()
	calls := []string{"bind", "openat", "setsockopt", "kill", "capset"}
	verdict := trace.Pass
	if n%7 == 0 {
		verdict = trace.Fail
	}
	return monitor.Event{Time: time.Now(), UID: uint32(n % 3), Cgroup: uint64(n / 5), Check: trace.Check{
		Process: trace.Process{PID: 1000 + n, PPID: 1, Comm: fmt.Sprintf("service-%d", n/5)}, Cap: all[n%len(all)], Verdict: verdict,
		Audited: true, InitialNS: true, Syscall: calls[n%len(calls)], Function: "ns_capable_" + calls[n%len(calls)], Count: 1,
	}}
}

// 50 nodes send a million checks into one Collector, which is frozen for a while;
// some have more kinds of checks than their queue has room for. What arrives and
// what is counted as lost is all of it.
func TestLoad(t *testing.T) {
	const nodes, each = 50, 20_000
	c := newCollector(t)
	c.start(t)
	var group sync.WaitGroup
	began := time.Now()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	results := make([]monitorexport.Result, nodes)
	for i := range nodes {
		kinds := 200
		if i%10 == 0 {
			kinds = 5000 // more than fit
		}
		n := newNode(t, fmt.Sprintf("node-%d", i), "http://127.0.0.1:"+c.grpc, func(s *monitorexport.Settings) {
			s.Protocol, s.Delay, s.Flush, s.Queue, s.Batch = monitorexport.GRPC, time.Second, time.Minute, 1000, 512
		})
		group.Go(func() {
			burst := make([]monitor.Event, 0, 100)
			for j := range each {
				burst = append(burst, kindOfCheck(j%kinds))
				if len(burst) == cap(burst) {
					n.Add(burst)
					burst = burst[:0]
					time.Sleep(20 * time.Millisecond) // some seconds in all
				}
			}
			results[i] = n.Close()
		})
	}
	time.Sleep(time.Second)
	testenv.Must(t, c.cmd.Process.Signal(unix.SIGSTOP))
	time.Sleep(2 * time.Second)
	runtime.ReadMemStats(&after)
	testenv.Must(t, c.cmd.Process.Signal(unix.SIGCONT))
	group.Wait()
	took := time.Since(began)
	testenv.Must(t, c.end())
	began = time.Now()
	stored := merge(t, c.file)
	info, err := os.Stat(c.file)
	testenv.Must(t, err)
	t.Logf("merged %d MB in %v", info.Size()>>20, time.Since(began).Round(time.Second))
	var delivered, lost, inQueue uint64
	for _, r := range results {
		delivered += r.Delivered
		for _, n := range r.Lost {
			lost += n
		}
		inQueue += r.Lost["queue"]
	}
	if delivered+lost != nodes*each {
		t.Errorf("%d were taken and %d lost, of %d", delivered, lost, nodes*each)
	}
	lostAsStored := stored.Lost["queue"] + stored.Lost["rejected"] + stored.Lost["unsent"]
	if stored.Checks+lostAsStored != nodes*each || stored.Missing != 0 || stored.Hosts != nodes {
		t.Errorf("%d arrived and %d are said to be lost, of %d; %d are missing; %d hosts", stored.Checks, lostAsStored, nodes*each, stored.Missing, stored.Hosts)
	}
	if inQueue == 0 {
		t.Error("nothing was lost: the queues were large enough")
	}
	t.Logf("%d checks of %d nodes in %v: %d arrived, %d lost; %d KB of memory for each node", nodes*each, nodes, took.Round(time.Second), stored.Checks, lost,
		(int64(after.HeapAlloc)-int64(before.HeapAlloc))/nodes>>10)
}

// counting passes on connections and counts the bytes that go to the Collector.
func counting(t *testing.T, to string) (address string, sent *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testenv.Must(t, err)
	t.Cleanup(func() { testenv.Must(t, l.Close()) })
	sent = &atomic.Int64{}
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			onward, err := net.Dial("tcp", to)
			if err != nil {
				from.Close()
				return
			}
			go func() {
				defer onward.Close()
				// Either side may end the connection at any time.
				_, _ = io.Copy(io.MultiWriter(onward, counter{sent}), from)
			}()
			go func() {
				defer from.Close()
				_, _ = io.Copy(from, onward)
			}()
		}
	}()
	return l.Addr().String(), sent
}

type counter struct{ n *atomic.Int64 }

// Write implements io.Writer.
func (c counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

var document = flag.Bool("fleet-document", false, "write what was measured into docs/fleet.md (make fleet)")

const fleetDocument = "../../docs/fleet.md"

// cost is what a node costs in an hour.
type cost struct {
	records              int
	wire, file, archived int64
}

// TestCost measures an hour of a node, in which each kind of check is seen all the
// time, at one export a minute; only the minute is shorter.
func TestCost(t *testing.T) {
	var rows []string
	for _, kinds := range []int{20, 100, 500} {
		c := measured(t, kinds)
		if c.records < 30*kinds {
			t.Errorf("%d records of %d kinds in an hour", c.records, kinds)
		}
		// A busy machine makes fewer of the short minutes.
		const fleet = 10_000
		day := int64(24 * 60 * kinds)
		for _, n := range []*int64{&c.wire, &c.file, &c.archived} {
			*n = *n * day / int64(c.records)
		}
		mb := func(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
		gb := func(n int64) string { return fmt.Sprintf("%.0f GB", float64(n)/1e9) }
		rows = append(rows, fmt.Sprintf("| %d | %d | %s | %s | %s | %s | %s | %.1f Mbit/s |", kinds, day, mb(c.wire), mb(c.file), mb(c.archived),
			gb(c.wire*fleet), gb(c.archived*fleet), float64(c.wire*fleet*8)/86400/1e6))
		t.Log(rows[len(rows)-1])
	}
	if !*document {
		return
	}
	text, err := os.ReadFile(fleetDocument)
	testenv.Must(t, err)
	table := "| kinds a minute | records a day | sent a day | stored a day | the same, gzip | sent, 10,000 nodes | stored, 10,000 nodes, gzip | rate, 10,000 nodes |\n" +
		"|---|---|---|---|---|---|---|---|\n" + strings.Join(rows, "\n") + "\n"
	marked := regexp.MustCompile(`(?s)(<!-- measured: make fleet -->\n\n).*?(\n<!-- end -->)`)
	if !marked.Match(text) {
		t.Fatal("docs/fleet.md has no place for what was measured")
	}
	testenv.Must(t, os.WriteFile(fleetDocument, marked.ReplaceAll(text, []byte("${1}"+table+"${2}")), 0o644))
}

func measured(t *testing.T, kinds int) cost {
	t.Helper()
	const minute = 100 * time.Millisecond
	c := newCollector(t)
	c.start(t)
	proxy, sent := counting(t, "127.0.0.1:"+c.grpc)
	endpoint, err := url.Parse("http://" + proxy)
	testenv.Must(t, err)
	n := newNode(t, "node", endpoint.String(), func(s *monitorexport.Settings) {
		s.Protocol, s.Delay, s.Metrics, s.Flush = monitorexport.GRPC, time.Hour, false, time.Minute
	})
	n.Close()
	_ = c.end()
	base := sent.Load() // the connection and two words on the state

	c = newCollector(t)
	c.start(t)
	proxy, sent = counting(t, "127.0.0.1:"+c.grpc)
	n = newNode(t, "node", "http://"+proxy, func(s *monitorexport.Settings) {
		s.Protocol, s.Delay, s.Metrics, s.Flush = monitorexport.GRPC, minute, false, time.Minute
	})
	for range 60 {
		for i := range kinds {
			n.Add([]monitor.Event{kindOfCheck(i), kindOfCheck(i)})
		}
		time.Sleep(minute)
	}
	if r := n.Close(); r.Delivered != r.Checks {
		t.Errorf("%s", r)
	}
	testenv.Must(t, c.end())
	text, err := os.ReadFile(c.file)
	testenv.Must(t, err)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err = z.Write(text)
	testenv.Must(t, err)
	testenv.Must(t, z.Close())
	return cost{bytes.Count(text, []byte(`"eventName":"capmon.check"`)), sent.Load() - base, int64(len(text)), int64(packed.Len())}
}
