package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/internal/schematest"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace/observe"
)

// stored is one line of a collector: one record of one host.
func stored(resource, attributes map[string]any, event string, seconds int) string {
	list := func(m map[string]any) []any {
		all := []any{}
		for k, v := range m {
			var value any
			switch v := v.(type) {
			case string:
				value = map[string]any{"stringValue": v}
			case int:
				value = map[string]any{"intValue": fmt.Sprint(v)}
			case bool:
				value = map[string]any{"boolValue": v}
			case []string:
				var values []any
				for _, s := range v {
					values = append(values, map[string]any{"stringValue": s})
				}
				value = map[string]any{"arrayValue": map[string]any{"values": values}}
			}
			all = append(all, map[string]any{"key": k, "value": value})
		}
		return all
	}
	text, err := json.Marshal(map[string]any{"resourceLogs": []any{map[string]any{
		"resource": map[string]any{"attributes": list(resource)},
		"scopeLogs": []any{map[string]any{
			"scope": map[string]any{"name": "github.com/capmon/capmon"},
			"logRecords": []any{map[string]any{
				"timeUnixNano": fmt.Sprint(time.Unix(int64(seconds), 0).UnixNano()), "eventName": event, "attributes": list(attributes),
			}},
		}},
	}}})
	if err != nil {
		panic(err)
	}
	return string(text) + "\n"
}

func check(host, unit string, c, verdict string, count, second, uid int) string {
	return stored(map[string]any{"host.name": host, "service.instance.id": host + "-1", "systemd.unit.name": unit},
		map[string]any{"log.record.uid": fmt.Sprint(host, "-1-", uid), "capmon.capability": c, "capmon.verdict": verdict, "capmon.count": count,
			"process.executable.path": "/usr/sbin/nginx", "capmon.syscall": "bind", "capmon.last_time": (second + 10) * 1e9}, "capmon.check", second)
}

func TestReport(t *testing.T) {
	const net, kill = "CAP_NET_BIND_SERVICE", "CAP_KILL"
	lines := check("a", "nginx.service", net, "PASS", 2, 100, 1) +
		check("b", "nginx.service", net, "PASS", 3, 50, 1) +
		check("b", "nginx.service", kill, "FAIL", 1, 4000, 2) +
		check("b", "nginx.service", kill, "FAIL", 1, 4000, 2) + // a second time
		"\n" +
		`{"resourceMetrics":[{}]}` + "\n" +
		`{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"other"},"logRecords":[{"eventName":"capmon.check"}]}]}]}` + "\n" +
		stored(map[string]any{"host.name": "a", "service.instance.id": "a-1", "container.image.name": "redis", "container.image.tags": []string{"7", "latest"}},
			map[string]any{"capmon.capability": "CAP_SETUID", "capmon.verdict": "PASS", "capmon.count": 1, "process.title": "redis-server", "log.record.uid": "a-1-2"}, "capmon.check", 7) +
		stored(map[string]any{"host.name": "a", "service.instance.id": "a-1"},
			map[string]any{"capmon.capability": "CAP_SYS_ADMIN", "capmon.verdict": "PASS", "capmon.count": 1, "capmon.audited": false, "process.title": "sh", "log.record.uid": "a-1-3"}, "capmon.check", 8) +
		stored(map[string]any{"host.name": "a", "service.instance.id": "a-1"},
			map[string]any{"capmon.capability": "CAP_SYS_ADMIN", "capmon.verdict": "PASS", "capmon.count": 1, "capmon.initial_user_namespace": false, "log.record.uid": "a-1-4"}, "capmon.check", 8) +
		// It has seen 20, 5 have arrived, 4 were lost by the queue, and 2 in the kernel that it has not seen.
		stored(map[string]any{"host.name": "a", "service.instance.id": "a-1"},
			map[string]any{"capmon.checks": 20, "capmon.lost.queue": 4, "capmon.lost.kernel": 2}, "capmon.status", 9) +
		stored(map[string]any{"host.name": "a", "service.instance.id": "a-1"}, map[string]any{"capmon.checks": 10}, "capmon.status", 8) +
		stored(map[string]any{"host.name": "quiet", "service.instance.id": "quiet-1"}, map[string]any{"capmon.checks": 0}, "capmon.status", 9)
	var c Collection
	testenv.Must(t, c.Read(strings.NewReader(lines)))
	at := func(s int64) time.Time { return time.Unix(s, 0).UTC() }
	none := []Use{}
	want := Report{
		Schema: Schema, Proof: observe.Proof, By: ByWorkload, Hosts: 3, Checks: 9, Missing: 11,
		Lost: map[string]uint64{"kernel": 2, "queue": 4, "rejected": 0, "unsent": 0},
		Workloads: []Workload{
			{Kind: ByExecutable, Name: "sh", Hosts: 1, First: at(8), Last: at(8), Checks: 1, Used: none, Refused: none, Unaudited: []Use{{caps.SysAdmin, 1, 1, ""}}},
			{Kind: ByImage, Name: "redis:7", Hosts: 1, First: at(7), Last: at(7), Checks: 1, Used: []Use{{caps.SetUID, 1, 1, ""}}, Refused: none, Unaudited: none},
			{Kind: ByUnit, Name: "nginx.service", Hosts: 2, First: at(50), Last: at(4010), Seconds: 3960, Checks: 6,
				Used: []Use{{caps.NetBindService, 5, 2, "bind"}}, Refused: []Use{{caps.Kill, 1, 1, "bind"}}, Unaudited: none},
		},
	}
	got := c.Report(ByWorkload)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text, err := json.Marshal(got)
	testenv.Must(t, err)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	testenv.Must(t, err)
	if err := schematest.Compile(t, "fleet").Validate(doc); err != nil {
		t.Error(err)
	}
	if got := names(c.Report(ByExecutable)); got != "executable:/usr/sbin/nginx executable:redis-server executable:sh" {
		t.Errorf("by executable %s", got)
	}
	if got := names(c.Report(ByUnit)); got != "unit: unit:nginx.service" {
		t.Errorf("by unit %s", got)
	}
	if got := names(c.Report(ByImage)); got != "image: image:redis:7" {
		t.Errorf("by image %s", got)
	}
}

func names(r Report) string {
	var list []string
	for _, w := range r.Workloads {
		list = append(list, string(w.Kind)+":"+w.Name)
	}
	return strings.Join(list, " ")
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	good := check("a", "x.service", "CAP_KILL", "PASS", 1, 1, 1)
	for text, want := range map[string]string{
		"hello\n":                     "line 1: it is not OTLP JSON",
		"hello":                       "line 1: it is not OTLP JSON",
		good + "{}\n":                 "line 2: it is not OTLP JSON",
		good + "{}":                   "line 2: it is not OTLP JSON",
		good + `{"resourceLogs":[{`:   ErrCut.Error(),
		"\x28\xb5\x2f\xfd\x00\n":      "zstd -d",
		"\x1f\x8b\x08\n":              "gunzip",
		"{\n  \"schema\": \"x\"\n}\n": "reports of discover are merged without --from",
		`{"resourceLogs":[{"scopeLogs":[{"scope":{"name":"github.com/capmon/capmon"},"logRecords":[{"timeUnixNano":"x"}]}]}]}` + "\n": "line 1: it is not OTLP JSON",
	} {
		var c Collection
		err := c.Read(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
		if errors.Is(err, ErrCut) && c.Records() != 1 {
			t.Errorf("%d records before what is cut off", c.Records())
		}
	}
	var c Collection
	if err := c.Read(strings.NewReader("")); err != nil || c.Records() != 0 {
		t.Errorf("empty: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(check("a", "x.service", "CAP_KILL", "PASS", 1, 1, 1))
	f.Add(`{"resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{"intValue":5}}]}}]}`)
	f.Add(`{"resourceMetrics":[]}` + "\n{")
	f.Fuzz(func(t *testing.T, text string) {
		var c Collection
		if err := c.Read(strings.NewReader(text)); err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("several lines: %v", err)
		}
		r := c.Report(ByWorkload)
		for _, w := range r.Workloads {
			if w.Hosts == 0 || w.Last.Before(w.First) {
				t.Errorf("%+v", w)
			}
		}
	})
}
