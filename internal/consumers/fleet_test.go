package consumers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/internal/testenv"
)

func TestMain(m *testing.M) {
	launch.KeeperMain()
	status := m.Run()
	if built.dir != "" {
		// What is left of it harms nobody.
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(status)
}

// built is the capmon that the tests run.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func capmon(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "capmon-test-"); built.err != nil {
			return
		}
		cmd := exec.Command("go", "build", "-o", filepath.Join(built.dir, "capmon"), "./cmd/capmon")
		cmd.Dir = "../.."
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build capmon: %w: %s", err, out)
		}
	})
	testenv.Must(t, built.err)
	return filepath.Join(built.dir, "capmon")
}

// process is a program that runs beside the test.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	out    *bytes.Buffer
	errs   *lockedBuffer
	waited chan error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func start(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(name, args...), out: &bytes.Buffer{}, errs: &lockedBuffer{}, waited: make(chan error, 1)}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.errs
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	testenv.Must(t, p.cmd.Start())
	go func() { p.waited <- p.cmd.Wait() }()
	t.Cleanup(func() {
		if p.waited != nil {
			_ = p.cmd.Process.Kill()
			<-p.waited
		}
	})
	return p
}

// end asks it to end, and waits.
func (p *process) end() error {
	p.t.Helper()
	testenv.Must(p.t, p.cmd.Process.Signal(unix.SIGTERM))
	return p.wait()
}

func (p *process) wait() error {
	p.t.Helper()
	select {
	case err := <-p.waited:
		p.waited = nil
		return err
	case <-time.After(time.Minute):
		p.t.Fatalf("%s does not end: %s", p.cmd.Path, p.errs)
		return nil
	}
}

// says waits for a text on standard error.
func (p *process) says(text string) {
	p.t.Helper()
	await(p.t, fmt.Sprintf("%s says %q", filepath.Base(p.cmd.Path), text), func() bool { return strings.Contains(p.errs.String(), text) }, p.errs)
}

func await(t *testing.T, what string, is func() bool, more fmt.Stringer) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s\n%s", what, more)
		}
	}
}

// freePort is one on which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testenv.Must(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	testenv.Must(t, err)
	return port
}

// collectorProgram is the Collector of internal/collector.
func collectorProgram(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "../../scripts/collector.sh", "build")
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		testenv.Cannot(t, "the OpenTelemetry Collector cannot be built: "+errs.String())
	}
	return strings.TrimSpace(string(out))
}

// collector is a real one, which writes a file.
type collector struct {
	*process
	program, config, grpc, http string
	// file has the log records, and counters the counters.
	file, counters string
}

// newCollector does not start it yet.
func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{program: collectorProgram(t), grpc: freePort(t), http: freePort(t)}
	dir := t.TempDir()
	c.config, c.file = filepath.Join(dir, "collector.yaml"), filepath.Join(dir, "checks.jsonl")
	c.counters = filepath.Join(dir, "counters.jsonl")
	text := fmt.Sprintf(`
receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:%s"}
      http: {endpoint: "127.0.0.1:%s"}
processors:
  batch: {timeout: 200ms}
exporters:
  file/checks: {path: %s, flush_interval: 100ms}
  file/counters: {path: %s, flush_interval: 100ms}
service:
  telemetry:
    metrics: {level: none}
  pipelines:
    logs: {receivers: [otlp], processors: [batch], exporters: [file/checks]}
    metrics: {receivers: [otlp], processors: [batch], exporters: [file/counters]}
`, c.grpc, c.http, c.file, c.counters)
	testenv.Must(t, os.WriteFile(c.config, []byte(text), 0o600))
	return c
}

func (c *collector) start(t *testing.T) {
	t.Helper()
	c.process = start(t, nil, c.program, "--config", c.config)
	c.says("Everything is ready")
}

// merged is what capmon merge --from otlp makes of what was stored.
type merged struct {
	Hosts           int
	Checks, Missing uint64
	Lost            map[string]uint64
	Workloads       []struct {
		Kind, Name    string
		Hosts         int
		Used, Refused []struct {
			Capability string
			Count      uint64
			Syscall    string
		}
	}
}

func merge(t *testing.T, file string) merged {
	t.Helper()
	out, err := exec.Command(capmon(t), "merge", "--from", "otlp", "--json", file).Output()
	if err != nil {
		t.Fatalf("merge: %v", err)
	}
	var m merged
	testenv.Must(t, json.Unmarshal(out, &m))
	return m
}

// refused is how often the process of that name was refused the capability.
func (m merged) refused(name, capability string) (n uint64) {
	for _, w := range m.Workloads {
		if filepath.Base(w.Name) != name {
			continue
		}
		for _, u := range w.Refused {
			if u.Capability == capability {
				n += u.Count
			}
		}
	}
	return n
}

// ask has a process ask for CAP_SYS_ADMIN n times, without having it.
func ask(t *testing.T, name string, n int) {
	t.Helper()
	testenv.NeedProgram(t, "perl", "perl-base")
	script := fmt.Sprintf(`$0 = shift; my $name = "x"; syscall(%d, $name, -1) for 1..%d`, unix.SYS_SETHOSTNAME, n)
	cmd := exec.Command("perl", "-e", script, name)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("perl: %v: %s", err, out)
	}
}

// newCgroup is a cgroup of that name below the root of the tree.
func newCgroup(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(testenv.Cgroup2(t), name)
	testenv.Must(t, os.Mkdir(dir, 0o755))
	t.Cleanup(func() { testenv.Must(t, unix.Rmdir(dir)) })
	return dir
}

// askIn has a process of the cgroup ask for CAP_SYS_ADMIN n times, without having
// it, and end at once.
func askIn(t *testing.T, cgroup string, n int) {
	t.Helper()
	testenv.NeedProgram(t, "perl", "perl-base")
	dir, err := unix.Open(cgroup, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	testenv.Must(t, err)
	defer unix.Close(dir)
	script := fmt.Sprintf(`$0 = "asking"; my $name = "x"; syscall(%d, $name, -1) for 1..%d`, unix.SYS_SETHOSTNAME, n)
	cmd := exec.Command("perl", "-e", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: dir, Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("perl: %v: %s", err, out)
	}
}

// From a process to the answer, by both protocols: a real capmon, a real
// Collector, which batches and writes a file, and merge.
func TestCollectorStores(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	c := newCollector(t)
	c.start(t)
	for name, endpoint := range map[string]string{"grpc": "http://127.0.0.1:" + c.grpc, "http/protobuf": "http://127.0.0.1:" + c.http} {
		env := []string{"OTEL_EXPORTER_OTLP_PROTOCOL=" + name, "OTEL_BLRP_SCHEDULE_DELAY=100", "OTEL_RESOURCE_ATTRIBUTES=host.name=" + name}
		m := start(t, env, capmon(t), "monitor", "--otlp", endpoint)
		m.says("exporting to " + endpoint + " by " + name)
		ask(t, "asking", 300)
		if err := m.end(); err != nil {
			t.Errorf("%s: %v: %s", name, err, m.errs)
		}
		if errs := m.errs.String(); strings.Contains(errs, "cannot") || !strings.Contains(errs, "checks exported\n") {
			t.Errorf("%s: said %s", name, errs)
		}
	}
	if err := c.end(); err != nil {
		t.Errorf("collector: %v: %s", err, c.errs)
	}
	stored := merge(t, c.file)
	if stored.Hosts != 2 || stored.Missing != 0 {
		t.Errorf("%d hosts, %d missing", stored.Hosts, stored.Missing)
	}
	// Perl's own name is the executable's where it ran long enough to be looked at.
	if n := stored.refused("asking", "CAP_SYS_ADMIN") + stored.refused("perl", "CAP_SYS_ADMIN"); n != 600 {
		t.Errorf("%d refusals arrived, want 600: %+v", n, stored)
	}
	text, err := os.ReadFile(c.counters)
	testenv.Must(t, err)
	if !bytes.Contains(text, []byte(`"name":"capmon.checks.lost"`)) {
		t.Error("no counters were stored")
	}
}

// While the Collector is away nothing is lost that has room.
func TestCollectorComesLater(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	c := newCollector(t)
	m := start(t, []string{"OTEL_BLRP_SCHEDULE_DELAY=100"}, capmon(t), "monitor", "^asking$", "--otlp", "http://127.0.0.1:"+c.http)
	m.says("cannot export to http://127.0.0.1:" + c.http + ": ")
	ask(t, "asking", 100)
	c.start(t)
	m.says("exporting to http://127.0.0.1:" + c.http + " again")
	// Frozen, it takes connections and answers nothing.
	testenv.Must(t, c.cmd.Process.Signal(unix.SIGSTOP))
	ask(t, "asking", 100)
	time.Sleep(2 * time.Second)
	testenv.Must(t, c.cmd.Process.Signal(unix.SIGCONT))
	ask(t, "asking", 100)
	if err := m.end(); err != nil {
		t.Errorf("%v: %s", err, m.errs)
	}
	if !strings.Contains(m.errs.String(), "300 of 300 checks exported\n") {
		t.Errorf("said %s", m.errs)
	}
	testenv.Must(t, c.end())
	if stored := merge(t, c.file); stored.Checks != 300 || stored.Missing != 0 {
		t.Errorf("%+v", stored)
	}
}

// Debian's Prometheus scrapes what --metrics serves.
func TestPrometheusScrapes(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	testenv.NeedProgram(t, "prometheus", "prometheus")
	testenv.NeedProgram(t, "promtool", "prometheus")
	m := start(t, nil, capmon(t), "monitor", "^asking$", "--metrics", "127.0.0.1:0")
	m.says("serving http://")
	_, rest, _ := strings.Cut(m.errs.String(), "serving http://")
	address, _, _ := strings.Cut(rest, "/metrics")
	ask(t, "asking", 200)

	dir, port := t.TempDir(), freePort(t)
	config := filepath.Join(dir, "prometheus.yml")
	testenv.Must(t, os.WriteFile(config, fmt.Appendf(nil,
		"global: {scrape_interval: 200ms}\nscrape_configs: [{job_name: capmon, static_configs: [{targets: [%q]}]}]\n", address), 0o600))
	p := start(t, nil, "prometheus", "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:"+port)
	query := "http://127.0.0.1:" + port + "/api/v1/query?query=capmon_checks_total%7Bprocess%3D%22asking%22%2Ccapability%3D%22CAP_SYS_ADMIN%22%7D"
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	await(t, "Prometheus has the counter", func() bool {
		r, err := http.Get(query)
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return json.NewDecoder(r.Body).Decode(&answer) == nil && len(answer.Data.Result) == 1 && answer.Data.Result[0].Value[1] == "200"
	}, p.errs)
	if got := answer.Data.Result[0].Metric["verdict"]; got != "FAIL" {
		t.Errorf("labels %v", answer.Data.Result[0].Metric)
	}
	r, err := http.Get("http://" + address + "/metrics")
	testenv.Must(t, err)
	defer r.Body.Close()
	check := exec.Command("promtool", "check", "metrics")
	check.Stdin = r.Body
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("promtool: %v: %s", err, out)
	}
	testenv.Must(t, m.end())
	// The port is free again.
	l, err := net.Listen("tcp", address)
	testenv.Must(t, err)
	testenv.Must(t, l.Close())
}
