package monitorexport

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/monitor"
)

func serve(t *testing.T) (*Exporter, *Server, *said) {
	t.Helper()
	s, err := Listen("127.0.0.1:0")
	testenv.Must(t, err)
	said := &said{}
	e, err := Open(t.Context(), Config{Version: "1.2.3", Owners: known{}, Say: said.say})
	testenv.Must(t, err)
	e.Start("test")
	testenv.Must(t, s.Serve(e))
	t.Cleanup(s.Close)
	return e, s, said
}

func get(t *testing.T, s *Server, path string) (int, string) {
	t.Helper()
	r, err := http.Get("http://" + s.Address() + path)
	testenv.Must(t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	testenv.Must(t, err)
	return r.StatusCode, string(body)
}

func TestPrometheusFormat(t *testing.T) {
	e, s, _ := serve(t)
	e.Add([]monitor.Event{
		event("nginx", caps.NetBindService, trace.Pass, 1, 6), event("a\xff\"\n", caps.SysAdmin, trace.Fail, 2, 1),
	})
	e.SetLostInKernel(3)
	code, text := get(t, s, "/metrics")
	for _, want := range []string{
		`capmon_checks_total{capability="CAP_NET_BIND_SERVICE",container="",pod_uid="",process="nginx",unit="nginx.service",verdict="PASS"} 6`,
		`capmon_checks_total{capability="CAP_SYS_ADMIN",container="` + strings.Repeat("c", 64) +
			`",pod_uid="0a1b2c3d-1111-2222-3333-444455556666",process="a` + "\uFFFD" + `\"\n",unit="",verdict="FAIL"} 1`,
		`capmon_lost_checks_total{reason="kernel"} 3`,
		`capmon_lost_checks_total{reason="queue"} 0`,
		`capmon_overflow_checks_total 0`,
		`capmon_build_info{backend="test",version="1.2.3"} 1`,
		`process_resident_memory_bytes `,
	} {
		if code != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("status %d, and no %s in\n%s", code, want, text)
		}
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	if code, text := get(t, s, "/"); code != http.StatusOK || !strings.Contains(text, "/metrics") {
		t.Errorf("status %d: %s", code, text)
	}
	if code, _ := get(t, s, "/etc/passwd"); code != http.StatusNotFound {
		t.Errorf("status %d", code)
	}
}

// However many names processes give themselves, a scrape has a bounded size, and
// a person is told once.
func TestPrometheusFloodOfLabels(t *testing.T) {
	e, s, said := serve(t)
	for i := range 100_000 {
		e.Add([]monitor.Event{event(fmt.Sprint("name", i), caps.Kill, trace.Pass, 1, 1)})
	}
	_, text := get(t, s, "/metrics")
	if n := strings.Count(text, "\ncapmon_checks_total{"); n != maxNames {
		t.Errorf("%d series", n)
	}
	if !strings.Contains(text, fmt.Sprint("\ncapmon_overflow_checks_total ", 100_000-maxNames, "\n")) {
		t.Errorf("the others are not counted")
	}
	if got := said.text(); strings.Contains(got, "\n") || !strings.Contains(got, "further ones are counted without labels") {
		t.Errorf("said %q", got)
	}
}

func TestListenSaysWhatIsWrong(t *testing.T) {
	_, s, _ := serve(t)
	for address, want := range map[string]string{
		"":                "is not an address: give one such as localhost:9464",
		"9464":            "is not an address",
		"localhost:":      "is not an address",
		"localhost:http:": "is not an address",
		"localhost:99999": "is not an address of this machine",
		"192.0.2.1:9464":  "cannot listen on 192.0.2.1:9464: cannot assign requested address",
		s.Address():       "address already in use",
	} {
		l, err := Listen(address)
		if err == nil {
			l.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", address, err, want)
		}
	}
}
