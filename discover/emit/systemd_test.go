package emit_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-systemd/v22/unit"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/internal/testenv"
)

// options reads a drop-in back: the assignments to each name, in order.
func options(t interface{ Fatalf(string, ...any) }, text string) map[string][]string {
	parsed, err := unit.DeserializeOptions(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	values := map[string][]string{}
	for _, o := range parsed {
		if o.Section != "Service" {
			t.Fatalf("section %q in\n%s", o.Section, text)
		}
		values[o.Name] = append(values[o.Name], o.Value)
	}
	return values
}

func TestSystemd(t *testing.T) {
	two := []discover.Evidence{refusal("net_raw", "ip", "/usr/sbin/ip"), refusal("net_admin", "ip", "/usr/sbin/ip")}
	daemon := account.Identity{Name: "daemon", GroupName: "adm", UID: 1, GID: 4}
	tests := []struct {
		name     string
		user     account.Identity
		evidence []discover.Evidence
		lists    []string // the assignments to both lists
		account  [2]string
		comment  string
	}{
		{"a set", daemon, two, []string{"", "CAP_NET_ADMIN CAP_NET_RAW"}, [2]string{"daemon", "adm"}, "50-capmon.conf"},
		{"empty set", daemon, nil, []string{""}, [2]string{"daemon", "adm"}, "without any capability"},
		{"root", account.Identity{Name: "root", GroupName: "root"}, two, []string{"", "CAP_NET_ADMIN CAP_NET_RAW"}, [2]string{"root", "root"}, "the bounding set limits root"},
		{"numbers", account.Identity{Name: "54321", GroupName: "54322", UID: 54321, GID: 54322}, two, []string{"", "CAP_NET_ADMIN CAP_NET_RAW"}, [2]string{"54321", "54322"}, ""},
		{"names systemd would change", account.Identity{Name: "%H", GroupName: "domain users", UID: 7, GID: 8}, two, []string{"", "CAP_NET_ADMIN CAP_NET_RAW"}, [2]string{"7", "8"}, ""},
		{"nobody", account.Identity{Name: "nobody", GroupName: "nogroup", UID: 65534, GID: 65534}, nil, []string{""}, [2]string{"nobody", "nogroup"}, "a user of its own is better"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := report("ip link", test.evidence...)
			r.User = test.user
			out := write(t, "systemd", r)
			want := map[string][]string{
				"User": {test.account[0]}, "Group": {test.account[1]}, "NoNewPrivileges": {"yes"},
				"AmbientCapabilities": test.lists, "CapabilityBoundingSet": test.lists,
			}
			if diff := cmp.Diff(want, options(t, out)); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
			if !strings.Contains(out, test.comment) {
				t.Errorf("no %q in\n%s", test.comment, out)
			}
		})
	}
}

func TestSystemdNamesWhatLentNothing(t *testing.T) {
	r := report("sudo ip link")
	r.Elevated = []string{"/usr/bin/sudo"}
	if out := write(t, "systemd", r); !strings.Contains(out, "executed /usr/bin/sudo, which is set-user-ID") {
		t.Errorf("no comment on it in\n%s", out)
	}
}

// TestSystemdLinesAreShort: readers of unit files may cut what is longer.
func TestSystemdLinesAreShort(t *testing.T) {
	long := strings.Repeat("long ", 10_000)
	r := report(long, refusal("net_admin", "ip", "/usr/sbin/ip"))
	r.Capabilities = caps.Set(1<<41 - 1)
	r.Verdict, r.Reason, r.Elevated, r.User.Name = discover.Sufficient, long, []string{long}, long
	out := write(t, "systemd", r)
	for line := range strings.Lines(out) {
		if len(line) >= unit.SYSTEMD_LINE_MAX {
			t.Errorf("%d bytes: %.80q", len(line), line)
		}
	}
	if got := options(t, out)["AmbientCapabilities"]; len(got) != 2 || len(strings.Fields(got[1])) != 41 {
		t.Errorf("ambient capabilities are %q", got)
	}
}

// TestSystemdIsAlwaysADropIn: nothing from outside becomes an option or hides
// one, for go-systemd's reader and for systemd's, which reads line by line.
func TestSystemdIsAlwaysADropIn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyReport(t)
		out := write(t, "systemd", r)
		values := options(t, out)
		if r.Verdict == discover.NotFound {
			if len(values) > 0 {
				t.Fatalf("options %q in\n%s", values, out)
			}
			return
		}
		set := []string{""}
		if r.Capabilities != 0 {
			set = append(set, strings.Join(r.Capabilities.Names(), " "))
		}
		if len(values) != 5 || !cmp.Equal(values["AmbientCapabilities"], set) || !cmp.Equal(values["CapabilityBoundingSet"], set) ||
			!cmp.Equal(values["NoNewPrivileges"], []string{"yes"}) || strings.ContainsAny(strings.Join(values["User"], "")+strings.Join(values["Group"], ""), "% \\\n") {
			t.Fatalf("options %q in\n%s", values, out)
		}
		_, body, _ := strings.Cut(out, "[Service]\n")
		if got := strings.Count(body, "\n"); got != 3+2*len(set) || strings.ContainsAny(out, "\r\x00") {
			t.Fatalf("%d lines in\n%s", got, out)
		}
	})
}

// analyze runs systemd-analyze on a service that has a set of its own and the
// drop-in for r.
func analyze(t *testing.T, r discover.Report, args ...string) string {
	t.Helper()
	testenv.NeedProgram(t, "systemd-analyze", "systemd")
	dir := t.TempDir()
	service := filepath.Join(dir, "capmon-test.service")
	text := "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\nCapabilityBoundingSet=CAP_SYS_BOOT\nAmbientCapabilities=CAP_SYS_BOOT\n"
	for path, text := range map[string]string{service: text, service + ".d/50-capmon.conf": write(t, "systemd", r)} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.Command("systemd-analyze", append(args, service)...)
	var stderr strings.Builder
	run.Stderr = &stderr
	out, err := run.Output()
	if err != nil || stderr.Len() > 0 {
		t.Errorf("systemd-analyze %s: %v: %s", args[0], err, stderr.String())
	}
	return string(out)
}

func TestSystemdVerifies(t *testing.T) {
	for name, r := range map[string]discover.Report{
		"a set":     report("ip link \\\n%n \xff\n[Service]\nUser=root", refusal("net_admin", "ip", "/usr/sbin/ip"), refusal("bpf", "ip", "/usr/sbin/ip")),
		"empty set": report("true"),
	} {
		t.Run(name, func(t *testing.T) { analyze(t, r, "verify", "--man=no") })
	}
}

// TestSystemdUnderstandsTheSet asks systemd itself which capabilities a
// service has with the drop-in: an empty assignment must not mean all of
// them, and those of the service must be gone.
func TestSystemdUnderstandsTheSet(t *testing.T) {
	for name, test := range map[string]struct {
		evidence []discover.Evidence
		kept     string
	}{
		"a set":     {[]discover.Evidence{refusal("net_admin", "ip", "/usr/sbin/ip"), refusal("syslog", "ip", "/usr/sbin/ip")}, "CAP_NET_ADMIN CAP_SYSLOG"},
		"empty set": {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			out := analyze(t, report("ip link", test.evidence...), "security", "--offline=yes", "--no-pager", "--json=short")
			var rows []struct {
				Set  bool
				Name string
			}
			if err := json.Unmarshal([]byte(out), &rows); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			// A row is set when the service goes without.
			var kept []string
			lists, ambient := 0, false
			for _, row := range rows {
				name, isList := strings.CutPrefix(row.Name, "CapabilityBoundingSet=~")
				if isList {
					lists++
				}
				if isList && !row.Set {
					kept = append(kept, name)
				}
				ambient = ambient || row.Name == "AmbientCapabilities=" && !row.Set
			}
			slices.Sort(kept)
			if got := strings.Join(kept, " "); got != test.kept || lists < 20 {
				t.Errorf("bounding set is %q by %d rows, want %q", got, lists, test.kept)
			}
			if want := test.kept != ""; ambient != want {
				t.Errorf("has ambient capabilities: %v, want %v", ambient, want)
			}
		})
	}
}
