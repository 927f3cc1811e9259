package executor_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/executor"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/internal/testenv"
)

func TestMain(m *testing.M) {
	launch.KeeperMain()
	os.Exit(m.Run())
}

// run executes the plan, and returns what was printed and the exit status.
func run(t *testing.T, p executor.Plan) (string, int) {
	t.Helper()
	testenv.NeedRoot(t, "executing a service")
	keeper, err := launch.StartKeeper()
	testenv.Must(t, err)
	defer func() { testenv.Must(t, keeper.Close()) }()
	path, args, env, err := p.Command()
	testenv.Must(t, err)
	out, err := os.CreateTemp(t.TempDir(), "out")
	testenv.Must(t, err)
	defer out.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	process, err := keeper.Launch(ctx, launch.Spec{Path: path, Args: args, Env: env, Stdout: out, Stderr: out, Reserved: len(p.Sockets)}, nil)
	testenv.Must(t, err)
	exit, err := process.Wait(ctx)
	testenv.Must(t, err)
	text, err := os.ReadFile(out.Name())
	testenv.Must(t, err)
	return string(text), exit.Code()
}

// shell is a plan for a script, with root's full powers.
func shell(script string) executor.Plan {
	return executor.Plan{
		Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
		Bounding: ^caps.Set(0), UMask: 0o022,
	}
}

func ptr(n int) *int { return &n }

func TestSetsOfAUser(t *testing.T) {
	p := shell("grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs)' /proc/self/status")
	p.SetID, p.UID, p.GID, p.Groups = true, 65534, 65533, []uint32{4, 7}
	p.Bounding, p.Ambient = caps.NewSet(caps.NetRaw, caps.Chown), caps.NewSet(caps.NetRaw)
	p.NoNewPrivs = true
	out, status := run(t, p)
	want := strings.Join([]string{
		"Uid:\t65534\t65534\t65534\t65534", "Gid:\t65533\t65533\t65533\t65533", "Groups:\t4 7 ",
		"CapInh:\t0000000000002000", "CapPrm:\t0000000000002000", "CapEff:\t0000000000002000",
		"CapBnd:\t0000000000002001", "CapAmb:\t0000000000002000", "NoNewPrivs:\t1", "",
	}, "\n")
	if out != want || status != 0 {
		t.Errorf("exit %d, printed\n%s\nwant\n%s", status, out, want)
	}
}

// Root has what its bounding set has (capabilities(7), "Capabilities and
// execution of programs by root").
func TestSetsOfRoot(t *testing.T) {
	p := shell("grep -E '^Cap(Prm|Bnd|Amb|Inh)' /proc/self/status; awk '/^SigIgn/ {print $2}' /proc/self/status")
	p.Bounding = caps.NewSet(caps.Chown)
	// As nohup(1) and others leave it.
	signal.Ignore(unix.SIGUSR1, unix.SIGHUP, unix.Signal(34))
	defer signal.Reset()
	out, status := run(t, p)
	want := "CapInh:\t0000000000000000\nCapPrm:\t0000000000000001\nCapBnd:\t0000000000000001\nCapAmb:\t0000000000000000\n0000000000001000\n"
	if out != want || status != 0 {
		t.Errorf("exit %d, printed\n%s\nwant\n%s", status, out, want)
	}
}

func TestResources(t *testing.T) {
	dir := t.TempDir()
	p := shell("umask; ulimit -Sn; ulimit -Hn; ulimit -Sc; nice; chrt -p $$ | head -n1; ionice -p $$; cat; pwd; cat /proc/self/oom_score_adj")
	p.UMask, p.Dir, p.Input = 0o77, dir, []byte("fed\n")
	p.Limits = []executor.Limit{{unix.RLIMIT_NOFILE, 100, 200}, {unix.RLIMIT_CORE, 0, 0}}
	p.Nice, p.OOMScoreAdjust = ptr(5), ptr(300)
	p.CPU, p.IO = &executor.CPU{Policy: unix.SCHED_BATCH}, &executor.IO{Class: 2, Priority: 6}
	out, status := run(t, p)
	for _, want := range []string{"0077\n100\n200\n0\n5\n", "SCHED_BATCH", "best-effort: prio 6", "fed\n" + dir + "\n300\n"} {
		if !strings.Contains(out, want) || status != 0 {
			t.Errorf("exit %d, printed\n%s\nwant %q", status, out, want)
		}
	}
}

func TestDirectories(t *testing.T) {
	base := testenv.OpenDir(t)
	state := filepath.Join(base, "a/state")
	testenv.Must(t, os.MkdirAll(filepath.Dir(state), 0o755))
	testenv.Must(t, os.MkdirAll(filepath.Join(state, "old"), 0o700))
	p := shell("stat -c '%n %a %u' " + state + " " + state + "/old " + base + "/etc; readlink " + base + "/link")
	p.SetID, p.UID, p.GID = true, 65534, 65534
	p.Directories = []executor.Directory{
		{Path: state, Mode: 0o750, Owned: true, UID: 65534, GID: 65534, Option: "StateDirectory", Links: []string{base + "/link"}},
		{Path: base + "/etc", Mode: 0o755, Option: "ConfigurationDirectory"},
	}
	for range 2 {
		out, status := run(t, p)
		want := fmt.Sprintf("%[1]s/a/state 750 65534\n%[1]s/a/state/old 700 65534\n%[1]s/etc 755 0\n%[1]s/a/state\n", base)
		if strings.ReplaceAll(out, base+"//", base+"/") != want || status != 0 {
			t.Errorf("exit %d, printed\n%s\nwant\n%s", status, out, want)
		}
	}
}

func TestSockets(t *testing.T) {
	dir := t.TempDir()
	p := shell(`test $LISTEN_PID = $$ && echo $LISTEN_FDS $LISTEN_FDNAMES; for fd in 3 4 5 6 7 8; do readlink /proc/$$/fd/$fd | cut -d: -f1; done; stat -c %a ` + dir + "/s; ss -Hlt 'sport = :48123' | wc -l; ss -Hlt 'sport = :48125' | wc -l")
	p.Sockets = []executor.Socket{
		{Network: "tcp", Address: "0.0.0.0:48123", Name: "web"},
		{Network: "tcp", Address: "[::]:48123", Only6: true, Name: "web6"},
		{Network: "tcp", Address: "[::]:48125", Name: "both"},
		{Network: "udp", Address: "[::1]:48124", Name: "dns"},
		{Network: "unix", Address: dir + "/s", Mode: 0o620, Backlog: 5, Name: "s"},
		{Network: "unixgram", Address: "@capmon-test", Name: "g"},
	}
	for range 2 {
		out, status := run(t, p)
		if want := "6 web:web6:both:dns:s:g\n" + strings.Repeat("socket\n", 6) + "620\n2\n1\n"; out != want || status != 0 {
			t.Errorf("exit %d, printed\n%s\nwant\n%s", status, out, want)
		}
	}
}

// The statuses are those of systemd.exec(5).
func TestFailures(t *testing.T) {
	missing := shell("true")
	missing.Path = "/nonexistent/daemon"
	noDir := shell("true")
	noDir.Dir = "/nonexistent"
	optional := shell("pwd")
	optional.Dir, optional.DirOptional = "/nonexistent", true
	noRoot := shell("true")
	noRoot.Root = "/nonexistent"
	searched := shell("echo found")
	searched.Path = "sh"
	for _, c := range []struct {
		p      executor.Plan
		status int
		out    string
	}{
		{missing, 203, "capmon: execute /nonexistent/daemon: no such file or directory\n"},
		{noDir, 200, "capmon: change directory to /nonexistent: no such file or directory\n"},
		{optional, 0, "/\n"},
		{noRoot, 210, "capmon: change root to /nonexistent: no such file or directory\n"},
		{searched, 0, "found\n"},
	} {
		if out, status := run(t, c.p); out != c.out || status != c.status {
			t.Errorf("exit %d, printed %q, want %d, %q", status, out, c.status, c.out)
		}
	}
}
