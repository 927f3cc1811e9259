package emit_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

// commands returns the lines of a shell script that are no comments.
func commands(script string) []string {
	var lines []string
	for line := range strings.Lines(script) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	return lines
}

func TestSetcap(t *testing.T) {
	searched := discover.Evidence{Cap: caps.SysAdmin, FailedWithout: 2}
	tests := []struct {
		name     string
		evidence []discover.Evidence
		commands []string
		comments []string // each is part of a comment
	}{
		{"nothing needed", nil, nil, []string{"without any capability", "nothing to set"}},
		{"one", []discover.Evidence{refusal("net_admin", "ip", "/usr/sbin/ip")},
			[]string{"setcap cap_net_admin=ep /usr/sbin/ip"}, []string{"Whoever may execute a file gets the capabilities"}},
		{"two for one executable", []discover.Evidence{refusal("net_raw", "ip", "/usr/sbin/ip"), refusal("net_admin", "ip", "/usr/sbin/ip")},
			[]string{"setcap cap_net_admin,cap_net_raw=ep /usr/sbin/ip"}, nil},
		{"two executables", []discover.Evidence{refusal("sys_chroot", "chroot", "/usr/sbin/chroot"), refusal("chown", "chown", "/bin/chown")},
			[]string{"setcap cap_sys_chroot=ep /usr/sbin/chroot", "setcap cap_chown=ep /bin/chown"}, nil},
		{"quoting", []discover.Evidence{refusal("chown", "x", "/opt/it's $HOME; #x")},
			[]string{`setcap cap_chown=ep '/opt/it'"'"'s $HOME; #x'`}, nil},
		{"not on one line", []discover.Evidence{refusal("chown", "x", "/opt/a\nrm -rf /")},
			nil, []string{`"/opt/a\nrm -rf /" (needs cap_chown): its path cannot be written`}},
		{"lost bytes", []discover.Evidence{refusal("chown", "x", "/opt/\ufffd")}, nil, []string{"its path cannot be written"}},
		{"a shell", []discover.Evidence{refusal("chown", "sh", "/usr/bin/dash")}, nil,
			[]string{"No line for /usr/bin/dash (needs cap_chown): it is a shell", "--emit systemd", "setpriv --no-new-privs"}},
		{"a script", []discover.Evidence{refusal("chown", "backup", "/usr/bin/python3.11"), refusal("kill", "kill", "/bin/kill")},
			[]string{"setcap cap_kill=ep /bin/kill"}, []string{"No line for /usr/bin/python3.11 (needs cap_chown): it is an interpreter"}},
		{"many names", []discover.Evidence{refusal("net_admin", "iptables", "/usr/sbin/xtables-nft-multi")},
			[]string{"setcap cap_net_admin=ep /usr/sbin/xtables-nft-multi"}, []string{"ran as iptables"}},
		{"found by searching", []discover.Evidence{refusal("net_admin", "ip", "/usr/sbin/ip"), searched},
			[]string{"setcap cap_net_admin=ep /usr/sbin/ip"}, []string{"cap_sys_admin found by searching: no refusal names"}},
		{"no executable", []discover.Evidence{refusal("net_admin", "ip", "")}, nil, []string{"cap_net_admin found by searching"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out := write(t, "setcap", report("a command", test.evidence...))
			if diff := cmp.Diff(test.commands, commands(out)); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
			for _, want := range test.comments {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
		})
	}
}

// TestInsteadIsProposedOnce: and only where setcap does not do.
func TestInsteadIsProposedOnce(t *testing.T) {
	good, bad := refusal("kill", "kill", "/bin/kill"), refusal("chown", "sh", "/bin/dash")
	if out := write(t, "setcap", report("kill 1", good)); strings.Contains(out, "Instead") {
		t.Errorf("proposed without need in\n%s", out)
	}
	r := report("x", bad, good, refusal("syslog", "awk", "/usr/bin/mawk"))
	if out := write(t, "setcap", r); strings.Count(out, "#   setpriv ") != 1 || !strings.HasSuffix(out, " -- /bin/sh -c x\n") {
		t.Errorf("not proposed once, with the command, in\n%s", out)
	}
	r.Command = []string{"kill 1\nrm x"}
	if out := write(t, "setcap", r); !strings.HasSuffix(out, " -- COMMAND\n") {
		t.Errorf("half a command in\n%s", out)
	}
}

// TestLongNameIsItsOwn: the kernel cuts a name after 15 bytes.
func TestLongNameIsItsOwn(t *testing.T) {
	out := write(t, "setcap", report("x", refusal("chown", "a-program-with-", "/bin/a-program-with-a-long-name")))
	if strings.Contains(out, "ran as") {
		t.Errorf("the name was cut, not changed:\n%s", out)
	}
}

func TestInterpretersGetNoLine(t *testing.T) {
	for _, name := range []string{
		"dash", "bash", "sh", "bash-static", "zsh", "zsh5", "ksh93", "mksh", "python3.11", "python3.11-dbg", "python2", "pypy3",
		"perl", "perl5.36.0", "perl5.36-x86_64-linux-gnu", "ruby3.1", "node", "node18", "nodejs", "lua5.4", "php8.2", "php-fpm8.2",
		"tclsh8.6", "guile-3.0", "mawk", "java", "beam.smp", "R", "busybox", "busybox.static", "coreutils", "env", "xargs",
		"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "ld-musl-x86_64.so.1", "ld-2.31.so", "ld.so", "ld64.so.2", "qemu-aarch64-static",
	} {
		out := write(t, "setcap", report("x", refusal("chown", name, "/usr/bin/"+name)))
		if got := commands(out); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, name := range []string{
		"ip", "chown", "chroot", "mknod", "dmesg", "hostname", "ping", "tcpdump", "cat", "nc.openbsd", "ld", "ssh", "sshd",
		"rsync", "nginx", "perlbug", "rubocop", "pythonic", "envoy", "timedatectl", "nodelist", "7z", "qemu-img", "sha256sum",
	} {
		out := write(t, "setcap", report("x", refusal("chown", name, "/usr/bin/"+name)))
		if got := commands(out); len(got) != 1 {
			t.Errorf("%s: %q, want one line", name, got)
		}
	}
}

// granted is an attempt that succeeded under the whole set of r.
func granted(r discover.Report, checks ...trace.Check) discover.Attempt {
	for i := range checks {
		checks[i].Verdict = trace.Pass
	}
	return discover.Attempt{Granted: r.Capabilities, Success: true, Checks: checks}
}

// TestUsersOfACapabilityAreNamed: with the first executable served, the next
// one is refused, and no evidence is about it.
func TestUsersOfACapabilityAreNamed(t *testing.T) {
	r := report("ip link && tc qdisc", refusal("net_admin", "ip", "/usr/sbin/ip"))
	noise := check("net_admin", "noise", "/bin/unaudited")
	noise.Audited = false
	elsewhere := check("net_admin", "noise", "/bin/namespace")
	elsewhere.InitialNS = false
	overridden := check("net_admin", "noise", "/bin/overridden")
	overridden.OwnCreds = false
	failed := granted(r, check("net_admin", "early", "/bin/failed"))
	failed.Success = false
	larger := granted(r, check("net_admin", "early", "/bin/larger"))
	larger.Granted = r.Capabilities.With(caps.SysAdmin)
	r.Runs = []discover.Attempt{
		{Checks: []trace.Check{check("net_admin", "early", "/bin/early")}},
		failed, larger,
		granted(r, check("net_admin", "ip", "/usr/sbin/ip"), check("net_admin", "tc", "/usr/sbin/tc"),
			check("net_admin", "sh", "/bin/dash"), check("net_admin", "x", "/bin/a\nb"),
			check("chown", "chown", "/bin/chown"), noise, elsewhere, overridden),
	}
	out := write(t, "setcap", r)
	if diff := cmp.Diff([]string{"setcap cap_net_admin=ep /usr/sbin/ip"}, commands(out)); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	for _, want := range []string{"#   setcap cap_net_admin=ep /usr/sbin/tc\n", "/bin/dash used cap_net_admin too; it is a shell", `"/bin/a\nb" used`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, not := range []string{"/bin/early", "/bin/failed", "/bin/larger", "\ufffd", "/bin/chown", "/bin/unaudited", "/bin/namespace", "/bin/overridden"} {
		if strings.Contains(out, not) {
			t.Errorf("%q in\n%s", not, out)
		}
	}
}

// TestInheritanceIsAsked tells iproute2, which calls capset(2) when nothing is
// inherited, from ping, which always does.
func TestInheritanceIsAsked(t *testing.T) {
	set := check("setpcap", "ip", "/usr/sbin/ip")
	set.Syscall = "capset"
	r := report("ip link", refusal("net_admin", "ip", "/usr/sbin/ip"))
	other := set
	other.Process.Exe = "/usr/bin/ping"
	for name, test := range map[string]struct {
		runs []discover.Attempt
		want bool
	}{
		"only when refused": {[]discover.Attempt{{Checks: []trace.Check{set}}, granted(r)}, true},
		"always":            {[]discover.Attempt{{Checks: []trace.Check{set}}, granted(r, set)}, false},
		"never":             {[]discover.Attempt{{}, granted(r)}, false},
		"another program":   {[]discover.Attempt{{Checks: []trace.Check{other}}, granted(r)}, false},
	} {
		r.Runs = test.runs
		out := write(t, "setcap", r)
		for _, part := range []string{"gives up its capabilities", "#   setpriv "} {
			if got := strings.Contains(out, part); got != test.want {
				t.Errorf("%s: has %q: %v, want %v:\n%s", name, part, got, test.want, out)
			}
		}
		if len(commands(out)) != 1 {
			t.Errorf("%s: no command in\n%s", name, out)
		}
	}
}

// anyReport draws a report in which all that comes from outside is wild.
func anyReport(t *rapid.T) discover.Report {
	wild := rapid.OneOf(
		rapid.String(),
		rapid.StringOf(rapid.SampledFrom([]rune("\n\r\t\\'\"%$`#;[]= a\u00e9\u2028\x00\x1b"))),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
	name := rapid.SampledFrom(caps.NewSet(0, 1, 12, 13, 21).Names())
	exe := rapid.Map(wild, func(s string) string { return "/" + s })
	var evidence []discover.Evidence
	for range rapid.IntRange(0, 3).Draw(t, "evidence") {
		e := refusal(name.Draw(t, "capability"), wild.Draw(t, "comm"), exe.Draw(t, "exe"))
		if rapid.Bool().Draw(t, "searched") {
			e.Check = nil
		}
		evidence = append(evidence, e)
	}
	r := report("", evidence...)
	r.Command = rapid.SliceOfN(wild, 1, 3).Draw(t, "command")
	r.User.Name, r.User.GroupName = wild.Draw(t, "user"), wild.Draw(t, "group")
	r.User.UID = rapid.Uint32().Draw(t, "uid")
	r.Verdict = rapid.SampledFrom([]discover.Verdict{discover.Minimal, discover.Sufficient, discover.NotFound}).Draw(t, "verdict")
	r.Reason = wild.Draw(t, "reason")
	r.Elevated = []string{wild.Draw(t, "elevated")}
	r.Runs = []discover.Attempt{granted(r, check("chown", wild.Draw(t, "comm"), exe.Draw(t, "exe")))}
	return r
}

// TestSetcapIsAlwaysAScript has the shell itself read each script, with a
// function in the place of setcap(8): every line must be a comment or one
// call, for an executable of the report and with what that was refused.
func TestSetcapIsAlwaysAScript(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyReport(t)
		out := write(t, "setcap", r)
		run := exec.Command("/bin/sh", "-eu")
		run.Stdin = strings.NewReader(`setcap() { printf '%s\0' "$#" "$@"; }` + "\n" + out)
		run.Env = []string{"PATH=/nonexistent"}
		got, err := run.Output()
		if err != nil {
			t.Fatalf("%v in\n%s", err, out)
		}
		words := strings.Split(string(got), "\x00")
		calls := len(words) / 3
		if calls != len(commands(out)) || r.Verdict == discover.NotFound && calls > 0 {
			t.Fatalf("the shell understood %q of\n%s", words, out)
		}
		for call := range slices.Chunk(words[:3*calls], 3) {
			want := fmt.Sprintf("%s=ep", refusedTo(r, call[2]))
			if call[0] != "2" || call[1] != want || want == "=ep" {
				t.Fatalf("the shell understood %q, want %s of\n%s", call, want, out)
			}
		}
	})
}

// refusedTo is the set that an executable was refused, each capability
// counting for the first only.
func refusedTo(r discover.Report, exe string) caps.Set {
	var set, seen caps.Set
	for _, e := range r.Evidence {
		if e.Check == nil || seen.Has(e.Cap) {
			continue
		}
		seen = seen.With(e.Cap)
		if e.Check.Process.Exe == exe {
			set = set.With(e.Cap)
		}
	}
	return set
}

// tool copies an executable to where everybody may run it.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	from, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return to.Name()
}

// asDaemon runs a command without capabilities.
func asDaemon(args ...string) ([]byte, error) {
	return exec.Command("setpriv", append([]string{"--reuid=1", "--regid=1", "--clear-groups"}, args...)...).CombinedOutput()
}

func TestSetcapLineWorks(t *testing.T) {
	testenv.NeedRoot(t, "setting file capabilities and changing the user")
	testenv.NeedProgram(t, "setcap", "libcap2-bin")
	chroot := tool(t, "chroot")
	if out, err := asDaemon(chroot, "/", "true"); err == nil {
		t.Fatalf("works without capabilities: %s", out)
	}
	r := report("chroot / true", refusal("sys_chroot", "chroot", chroot))
	run := exec.Command("/bin/sh", "-e")
	run.Stdin = strings.NewReader(write(t, "setcap", r))
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := asDaemon(chroot, "/", "true"); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// TestSetprivLineWorks runs what is proposed in the place of setcap.
func TestSetprivLineWorks(t *testing.T) {
	testenv.NeedRoot(t, "setting file capabilities and changing the user")
	for name, user := range map[string]account.Identity{
		"by name":   {Name: "daemon", GroupName: "daemon", UID: 1, GID: 1},
		"by number": {Name: "54321", GroupName: "54321", UID: 54321, GID: 54321},
		"root":      {Name: "root", GroupName: "root"},
	} {
		t.Run(name, func(t *testing.T) {
			r := report("id -u; id -g; grep Cap /proc/self/status", refusal("net_raw", "sh", "/bin/dash"), refusal("chown", "sh", "/bin/dash"))
			r.User = user
			out := write(t, "setcap", r)
			i := strings.Index(out, "#   setpriv ")
			if i < 0 {
				t.Fatalf("no setpriv in\n%s", out)
			}
			line, _, _ := strings.Cut(out[i+1:], "\n")
			text, err := exec.Command("/bin/sh", "-c", line).CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v: %s", line, err, text)
			}
			fields := strings.Fields(string(text))
			set := fmt.Sprintf("%016x", uint64(r.Capabilities))
			inherited := set
			if user.UID == 0 {
				inherited = strings.Repeat("0", 16)
			}
			want := []string{fmt.Sprint(user.UID), fmt.Sprint(user.GID),
				"CapInh:", inherited, "CapPrm:", set, "CapEff:", set, "CapBnd:", set, "CapAmb:", inherited}
			if !slices.Equal(fields, want) {
				t.Errorf("%s:\ngot  %q\nwant %q", line, fields, want)
			}
		})
	}
}
