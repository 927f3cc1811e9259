package emit_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

func two() discover.Report {
	return report("ip link; ping x", refusal("net_admin", "ip", "/usr/sbin/ip"), refusal("net_raw", "ping", "/bin/ping"))
}

func TestListAndFlagsAreForPasting(t *testing.T) {
	for format, want := range map[string]string{
		"list":  "CAP_NET_ADMIN,CAP_NET_RAW\n",
		"flags": "--cap-drop=ALL --cap-add=NET_ADMIN --cap-add=NET_RAW\n",
	} {
		if got := write(t, format, two()); got != want {
			t.Errorf("%s is %q, want %q", format, got, want)
		}
	}
	if got := write(t, "list", report("true")); got != "\n" {
		t.Errorf("the list of nothing is %q", got)
	}
}

// The sets of a process that was started by setpriv or capsh are those of the
// attempt. capsh(1) and setpriv(1) say how; the kernel says what came of it.
func TestSetprivAndCapshGrantTheSet(t *testing.T) {
	testenv.NeedRoot(t, "changing users")
	for _, format := range []string{"setpriv", "capsh"} {
		for _, uid := range []uint32{0, 1} {
			r := report("grep -E '^(Cap(Prm|Eff|Bnd)|NoNewPrivs|Uid|Gid)' /proc/self/status")
			r.Capabilities = caps.NewSet(caps.NetRaw, caps.Chown)
			r.User.UID, r.User.GID = uid, uid
			if uid == 0 {
				r.User = root
			}
			out, err := exec.Command("sh", "-c", write(t, format, r)).CombinedOutput()
			if err != nil {
				t.Errorf("%s as %d: %v\n%s", format, uid, err, out)
				continue
			}
			for _, field := range []string{"CapPrm:\t0000000000002001", "CapEff:\t0000000000002001", "CapBnd:\t0000000000002001", "NoNewPrivs:\t1"} {
				if !strings.Contains(string(out), field) {
					t.Errorf("%s as %d: no %q in\n%s", format, uid, field, out)
				}
			}
			if want := strings.ReplaceAll("Uid:\tN\tN\tN\tN\n", "N", map[uint32]string{0: "0", 1: "1"}[uid]); !strings.Contains(string(out), want) {
				t.Errorf("%s: no %q in\n%s", format, want, out)
			}
		}
	}
}

func TestAppArmorTakesTheProfile(t *testing.T) {
	testenv.NeedProgram(t, "apparmor_parser", "apparmor")
	file := filepath.Join(t.TempDir(), "profile")
	for _, r := range []discover.Report{two(), report("true")} {
		if err := os.WriteFile(file, []byte(write(t, "apparmor", r)), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("apparmor_parser", "--skip-kernel-load", "--skip-cache", file).CombinedOutput(); err != nil {
			t.Errorf("apparmor_parser: %v\n%s%s", err, out, write(t, "apparmor", r))
		}
	}
	if out := write(t, "apparmor", two()); strings.Count(out, "  capability ") != 2 || !strings.Contains(out, "  capability net_raw,\n") {
		t.Errorf("not two capabilities:\n%s", out)
	}
}

// The documents of other formats are read by the consumers' own code in
// internal/consumers; here, that they are documents at all.
func TestYAMLFormatsAreYAML(t *testing.T) {
	hostile := two()
	hostile.Command = []string{"echo ': - # & * ! | > %\n@`\"'"}
	hostile.User.Name = "a: b\n# c"
	for _, format := range []string{"ansible", "compose", "kubernetes", "yaml"} {
		for _, r := range []discover.Report{two(), report("true"), hostile} {
			var document any
			if out := write(t, format, r); yaml.Unmarshal([]byte(out), &document) != nil {
				t.Errorf("%s is no YAML:\n%s", format, out)
			}
		}
	}
	var whole map[string]any
	if err := yaml.Unmarshal([]byte(write(t, "yaml", hostile)), &whole); err != nil {
		t.Fatal(err)
	}
	if got := whole["command"].([]any)[0]; got != hostile.Command[0] {
		t.Errorf("the command is %q", got)
	}
}

func TestOCIHasFiveSets(t *testing.T) {
	var config struct {
		Process *struct {
			Capabilities map[string][]string
			User         struct{ UID, GID int }
		}
		Annotations map[string]string
	}
	if err := json.Unmarshal([]byte(write(t, "oci", two())), &config); err != nil {
		t.Fatal(err)
	}
	for _, set := range []string{"bounding", "effective", "inheritable", "permitted", "ambient"} {
		if got := config.Process.Capabilities[set]; !slices.Equal(got, []string{"CAP_NET_ADMIN", "CAP_NET_RAW"}) {
			t.Errorf("%s is %q", set, got)
		}
	}
	unknown := two()
	unknown.Verdict = discover.NotFound
	config.Process = nil
	if err := json.Unmarshal([]byte(write(t, "oci", unknown)), &config); err != nil || config.Process != nil {
		t.Errorf("with no set there is a process: %v", err)
	}
}

func TestFilesOfAnsibleAndDockerfile(t *testing.T) {
	r := two()
	if out := write(t, "ansible", r); strings.Count(out, "capability: cap_") != 2 || !strings.Contains(out, "path: /usr/sbin/ip\n") {
		t.Errorf("not two tasks:\n%s", out)
	}
	if out := write(t, "dockerfile", r); !strings.Contains(out, "\nRUN setcap cap_net_admin=ep /usr/sbin/ip\n") || !strings.HasSuffix(out, "\nUSER 1:1\n") {
		t.Errorf("no line that sets the capability:\n%s", out)
	}
	script := report("script", refusal("kill", "sh", "/bin/sh"))
	for _, format := range []string{"ansible", "dockerfile"} {
		out := write(t, format, script)
		if strings.Contains(out, "RUN") || strings.Contains(out, "community.general") || !strings.Contains(out, "use --emit ") {
			t.Errorf("%s gives capabilities to a shell, or names nothing that can:\n%s", format, out)
		}
	}
}

// Ansible itself takes the tasks: it finds the module, and all its options.
func TestAnsibleTakesTheTasks(t *testing.T) {
	testenv.NeedProgram(t, "ansible-playbook", "ansible")
	dir := t.TempDir()
	tasks, play := filepath.Join(dir, "tasks.yml"), filepath.Join(dir, "play.yml")
	testenv.Must(t, os.WriteFile(play, []byte("- hosts: localhost\n  gather_facts: false\n  tasks:\n    - ansible.builtin.import_tasks: tasks.yml\n"), 0o600))
	hostile := two()
	hostile.Command = []string{"echo ': {{ x }} - # & * ! | > %\n@`\"'"}
	for _, r := range []discover.Report{two(), hostile} {
		testenv.Must(t, os.WriteFile(tasks, []byte(write(t, "ansible", r)), 0o600))
		check := exec.Command("ansible-playbook", "--syntax-check", "-i", "localhost,", play)
		check.Env = append(os.Environ(), "HOME="+dir, "ANSIBLE_LOCALHOST_WARNING=false")
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// The level is that of the Pod Security Standards, as Kubernetes' own code
// has it (see internal/consumers).
func TestKubernetesSaysTheLevel(t *testing.T) {
	for _, test := range []struct {
		caps string
		uid  uint32
		want string
	}{
		{"", 1000, "restricted"}, {"", 0, "baseline"}, {"chown", 0, "baseline"}, {"net_admin", 0, "privileged"},
		{"net_bind_service", 1000, "baseline"}, {"sys_admin", 1000, "privileged"},
	} {
		r := report("x")
		r.User.UID = test.uid
		set, err := caps.ParseSet(test.caps)
		if err != nil {
			t.Fatal(err)
		}
		r.Capabilities = set
		if out := write(t, "kubernetes", r); !strings.Contains(out, "meets the level "+test.want) {
			t.Errorf("%q as %d is not %s:\n%s", test.caps, test.uid, test.want, out)
		}
	}
}

// capability.conf(5) takes one line of capabilities and users.
func TestPAM(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(write(t, "pam_cap", two())), "\n")
	if got := lines[len(lines)-1]; got != "^cap_net_admin,^cap_net_raw daemon" {
		t.Errorf("the line is %q", got)
	}
	for _, user := range []string{"root", "strange name"} {
		r := two()
		r.User.Name = user
		if user == "root" {
			r.User = root
		}
		if out := write(t, "pam_cap", r); strings.Contains(out, "\n^") || !strings.Contains(out, "--emit ") {
			t.Errorf("for %s:\n%s", user, out)
		}
	}
}

// systemd-run expands % and $ itself.
func TestSystemdRun(t *testing.T) {
	r := report("echo $HOME 100%", refusal("net_admin", "ip", "/usr/sbin/ip"))
	words := shellWords(t, lastLine(t, write(t, "systemd-run", r)))
	if got := words[len(words)-1]; got != "echo $$HOME 100%" {
		t.Errorf("the command is %q", got)
	}
	for _, want := range []string{"--property=User=daemon", "--property=CapabilityBoundingSet=CAP_NET_ADMIN", "--property=NoNewPrivileges=yes"} {
		if !slices.Contains(words, want) {
			t.Errorf("no %q in %q", want, words)
		}
	}
}

func TestMarkdownIsInert(t *testing.T) {
	r := two()
	r.Command = []string{"echo '`<script>|'"}
	r.Kernel = "6.1 <b>"
	r.Runs = []discover.Attempt{{Outcome: "exit 1 | <i>"}}
	out := write(t, "markdown", r)
	for _, bad := range []string{"<b>", "| <i>", "1 | <"} {
		if strings.Contains(out, bad) {
			t.Errorf("%q is markup in\n%s", bad, out)
		}
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "| `CAP") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 4 {
			t.Errorf("not three cells: %s", line)
		}
	}
}

// TestWhatIsBesideTheSetIsSaid wants in each form that can hold a remark what
// must not be granted, and what the command went on without.
func TestWhatIsBesideTheSetIsSaid(t *testing.T) {
	r := report("ip link", refusal("net_admin", "ip", "/usr/sbin/ip"))
	tolerated := check("syslog", "rsyslogd", "/usr/sbin/rsyslogd")
	tolerated.Syscall, tolerated.Returned, tolerated.Return = "openat", true, -1
	r.Tolerated = []trace.Check{tolerated}
	r.MustNot = []discover.Exclusion{{Cap: caps.SetUID, FailedWith: 1}}
	for _, format := range append(explained(), "oci", "markdown") {
		out := strings.ReplaceAll(write(t, format, r), "`", "")
		for _, want := range []string{"must not be granted CAP_SETUID", "went on without CAP_SYSLOG (rsyslogd: openat = EPERM)"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", format, want, out)
			}
		}
	}
}

// TestWhatCouldNotBeNarrowedIsNotWritten: everything that can be granted is no
// answer.
func TestWhatCouldNotBeNarrowedIsNotWritten(t *testing.T) {
	r := report("ip link")
	r.Verdict, r.Reason = discover.Sufficient, "it does not succeed twice"
	for _, c := range []caps.Cap{caps.NetAdmin, caps.SysAdmin} {
		r.Capabilities = r.Capabilities.With(c)
		r.Evidence = append(r.Evidence, discover.Evidence{Cap: c})
	}
	for _, format := range emit.Formats() {
		if format == "json" || format == "yaml" {
			continue // the whole report, with its verdict
		}
		out := strings.ToLower(write(t, format, r))
		if strings.Contains(out, "net_admin") || strings.Contains(out, "sys_admin") || !strings.Contains(out, "narrow") {
			t.Errorf("%s: %s", format, out)
		}
	}
}
