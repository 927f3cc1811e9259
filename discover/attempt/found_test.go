package attempt_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/caps/sandbox/guard"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace/follow"
)

// found is one command, and the set that it needs by the documentation.
type found struct {
	name string
	// DIR in the commands is a directory of the test's own, which nobody can
	// search and not write.
	command, setup, check, cleanup string
	// want is the set, by capabilities(7) unless source says otherwise.
	want string
	// source is for the reader.
	source string
	// attempts is how many it may take; 0 is one to find and one to prove
	// each, and two more.
	attempts int
}

func foundTable() []found {
	const (
		own   = "touch DIR/f; chown nobody DIR/f"
		roots = "echo secret >DIR/f; chmod 600 DIR/f"
		rm    = "rm -f DIR/f"
	)
	return []found{
		{name: "give a file away", setup: own, cleanup: rm, want: "cap_chown",
			command: "chown daemon DIR/f", check: "test $(stat -c %U DIR/f) = daemon"},
		{name: "read shadow", command: "cat /etc/shadow", want: "cap_dac_read_search"},
		{name: "append to root's file", setup: roots, cleanup: rm, want: "cap_dac_override",
			command: "echo x >>DIR/f"},
		{name: "chmod root's file", setup: roots, cleanup: rm, command: "chmod 600 DIR/f", want: "cap_fowner"},
		{name: "chroot", command: "chroot / true", want: "cap_sys_chroot"},
		{name: "dmesg", command: "dmesg", want: "cap_syslog"},
		{name: "hostname", command: `hostname "$(hostname)"`, want: "cap_sys_admin"},
		{name: "port 80", want: "cap_net_bind_service",
			command: `perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0) && bind(S, sockaddr_in(80, INADDR_LOOPBACK)) && listen(S, 1) or die $!'`},
		{name: "packet socket", want: "cap_net_raw", source: "packet(7)",
			command: `perl -e 'socket(S, 17, 3, 0x300) or die $!'`},
		{name: "mknod", cleanup: "rm -f DIR/open/n", setup: "mkdir -p -m 777 DIR/open", want: "cap_mknod",
			command: "mknod DIR/open/n c 1 3"},
		{name: "three in turn", setup: own, cleanup: rm, want: "cap_chown,cap_dac_read_search,cap_sys_chroot",
			command: "chown daemon DIR/f && cat /etc/shadow && chroot / true"},
		{name: "two tolerated, the third fatal", setup: roots, cleanup: rm, want: "cap_sys_chroot",
			command: "chown daemon DIR/f; cat DIR/f; chroot / true", attempts: 2},
		{name: "own user namespace", command: "unshare -Uru hostname x", want: ""},
		{name: "true", command: "true", want: "", attempts: 1},
		{name: "tap interface", want: "cap_net_admin",
			setup: "ip tuntap add dev capmon0 mode tap", cleanup: "ip link del capmon0",
			command: "ip link set dev capmon0 up"},
		{name: "higher priority", command: "chrt -f 1 true", want: "cap_sys_nice", source: "sched(7)"},
		{name: "kill another user's process", want: "cap_kill",
			setup: "sleep 1000 & echo $! >DIR/pid", cleanup: "kill $(cat DIR/pid); rm DIR/pid",
			command: "kill -0 $(cat DIR/pid)"},
		{name: "become another user", want: "cap_setgid,cap_setuid", source: "setuid(2), setgroups(2)",
			command: "setpriv --reuid=daemon --regid=daemon --clear-groups true"},
		{name: "the executable is out of reach", want: "cap_dac_read_search",
			setup:   "mkdir -m 700 DIR/closed; cp /bin/true DIR/closed/true",
			cleanup: "rm -r DIR/closed", command: "DIR/closed/true"},
		{name: "drops what it has unless it inherits", want: "cap_net_admin,cap_sys_admin,cap_dac_override",
			source: "iproute2 lib/utils.c: drop_cap(); found by brute force", attempts: 8,
			command: "ip netns add capmon-test", cleanup: "ip netns del capmon-test 2>/dev/null; umount /run/netns 2>/dev/null; rmdir /run/netns || true"},
		{name: "fails when it could become root", want: "cap_net_admin,cap_sys_admin,cap_dac_override",
			source: "util-linux sys-utils/mount.c: setuid(0) has to fail; found by brute force", attempts: 13,
			setup:   "mkdir -p DIR/mnt",
			command: "ip netns add capmon-test && mount -t tmpfs none DIR/mnt",
			cleanup: "umount DIR/mnt 2>/dev/null; rmdir DIR/mnt; ip netns del capmon-test 2>/dev/null; umount /run/netns 2>/dev/null; rmdir /run/netns || true"},
	}
}

// TestFound discovers each command as nobody on this kernel, by each backend
// that it has.
func TestFound(t *testing.T) {
	requireRoot(t)
	for _, backend := range backends(t) {
		t.Run(backend, func(t *testing.T) {
			tracer, err := follow.Open(backend)
			if err != nil {
				t.Fatal(err)
			}
			defer tracer.Close()
			for _, f := range foundTable() {
				t.Run(f.name, func(t *testing.T) { f.run(t, onHost(t, tracer)) })
				if testenv.InVM() {
					continue // what a sandbox does is no matter of the backend
				}
				t.Run(f.name+"/sandbox", func(t *testing.T) { f.run(t, inSandbox(t, tracer, sandbox.Options{})) })
			}
		})
	}
}

// TestFoundWithoutTracing finds the same sets by searching alone. How many
// attempts that takes is no promise.
func TestFoundWithoutTracing(t *testing.T) {
	requireRoot(t)
	for _, f := range foundTable() {
		f.attempts = controller.DefaultMaxRuns
		t.Run(f.name, func(t *testing.T) { f.run(t, onHost(t, nil)) })
	}
}

func (f found) run(t *testing.T, in place) { f.runIn(t, in, testenv.OpenDir(t)) }

// runIn discovers the command with dir for DIR.
func (f found) runIn(t *testing.T, in place, dir string) {
	here := func(command string) string { return strings.ReplaceAll(command, "DIR", dir) }
	r := find(t, in, attempt.Config{
		Command: []string{here(f.command)},
		Setup:   here(f.setup), Check: here(f.check), Cleanup: here(f.cleanup),
	})
	want, err := caps.ParseSet(f.want)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != controller.Minimal || r.Capabilities != want {
		t.Errorf("found %s %q (%s), want minimal %q", r.Verdict, r.Capabilities, r.Reason, want)
	}
	limit := f.attempts
	if limit == 0 {
		limit = 2*want.Len() + 2
	}
	if len(r.Runs) > limit {
		t.Errorf("took %d attempts, want at most %d", len(r.Runs), limit)
	}
	for _, a := range r.Runs {
		if a.Lost != 0 {
			t.Errorf("%d records lost", a.Lost)
		}
	}
	if t.Failed() {
		describe(t, r)
	}
}

// describe logs what the attempts did.
func describe(t *testing.T, r controller.Result) {
	for i, a := range r.Runs {
		t.Logf("attempt %d  %q  %s  %v\n%s", i+1, a.Granted, a.Outcome, a.Refusal(), a.Output)
	}
}

// TestNotFound is about commands that fail for other reasons.
func TestNotFound(t *testing.T) {
	requireRoot(t)
	tracer, err := follow.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer tracer.Close()
	for _, command := range []string{"false", "no-such-command", "cat /no/such/file", "kill -SEGV $$"} {
		t.Run(command, func(t *testing.T) {
			r := find(t, onHost(t, tracer), attempt.Config{Command: []string{command}})
			if r.Verdict != controller.NotFound || r.Capabilities != 0 {
				t.Errorf("found %s %q", r.Verdict, r.Capabilities)
			}
		})
	}
}

// place makes what makes attempts.
type place func(attempt.Config) controller.Attempter

// onHost makes attempts where capmon is.
func onHost(t *testing.T, tracer *follow.Tracer) place {
	t.Helper()
	keeper, err := launch.StartKeeper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keeper.Close() })
	return func(c attempt.Config) controller.Attempter { return attempt.NewRunner(c, keeper, tracer) }
}

// inSandbox makes each attempt in a sandbox.
func inSandbox(t *testing.T, tracer *follow.Tracer, options sandbox.Options) place {
	t.Helper()
	sandboxes, err := launch.NewSandboxes(options)
	if err != nil {
		t.Fatal(err)
	}
	guard, err := guard.Open(bpf.ReadTypes(), options.Devices)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { testenv.Must(t, guard.Close()) })
	sandboxes.GuardBy(guard)
	return func(c attempt.Config) controller.Attempter { return attempt.NewSandboxed(c, sandboxes, tracer) }
}

// find discovers a command as nobody.
func find(t *testing.T, in place, config attempt.Config) controller.Result {
	t.Helper()
	var err error
	if config.Identity, err = account.Lookup("nobody"); err != nil {
		t.Fatal(err)
	}
	config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	config.Timeout = time.Minute
	config.Warn = func(err error) { t.Errorf("warned: %v", err) }
	r, err := controller.Find(context.Background(), in(config), controller.Options{Grantable: launch.Grantable()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// backends are those that must work here: on a VM of the tests those that it
// was started for, else what the kernel has.
func backends(t *testing.T) []string {
	t.Helper()
	if names := testenv.Backends(); names != nil {
		return names
	}
	tracer, err := follow.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer tracer.Close()
	return []string{tracer.Backend()}
}

// requireRoot ends a test where nothing can be granted, or a command of the
// tables is missing.
func requireRoot(t testing.TB) {
	t.Helper()
	testenv.NeedRoot(t, "granting capabilities")
	testenv.NeedProgram(t, "ip", "iproute2")
	testenv.NeedProgram(t, "setpriv", "util-linux")
	testenv.NeedProgram(t, "perl", "perl-base")
	testenv.NeedProgram(t, "chrt", "util-linux")
}
