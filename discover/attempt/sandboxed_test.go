package attempt_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace/follow"
)

// harmful is one command that changes the machine it runs on.
type harmful struct {
	found
	net bool
	// traced: searching alone does not find it, since the command succeeds
	// with much and not with everything, or a failure takes long.
	traced bool
	// outside must succeed on the host afterwards, by the shell.
	outside string
}

// harmfulTable wants sets that searching without a trace finds as well, which
// the test does.
func harmfulTable() []harmful {
	const tree = "mkdir -p DIR/tree/a/b; touch DIR/tree/a/b/c"
	return []harmful{
		{found: found{name: "useradd", command: "useradd -M capmon-test", want: "cap_chown,cap_dac_override,cap_fowner",
			check: "id capmon-test"}, outside: "! id capmon-test"},
		{found: found{name: "new network namespace", command: "ip netns add capmon-test",
			want: "cap_net_admin,cap_sys_admin,cap_dac_override", source: "found by brute force", attempts: 20}, outside: "! test -e /run/netns/capmon-test"},
		{found: found{name: "new network namespace, own network", command: "ip netns add capmon-test",
			want: "cap_net_admin,cap_sys_admin,cap_dac_override", source: "found by brute force", attempts: 20}, net: true, outside: "! test -e /run/netns/capmon-test"},
		{found: found{name: "remove root's files", command: "rm -rf DIR/tree /etc/init.d", setup: tree,
			check: "! test -e DIR/tree && ! test -e /etc/init.d", want: "cap_dac_override"},
			outside: "test -e /etc/init.d && ! test -e DIR/tree"},
		{found: found{name: "write below /etc", command: "echo x >/etc/capmon-test", check: "grep -q x /etc/capmon-test",
			want: "cap_dac_override"}, outside: "! test -e /etc/capmon-test"},
		{found: found{name: "mount", command: "mount -t tmpfs capmon-test /mnt", check: "grep -q capmon-test /proc/mounts",
			want: "cap_sys_admin"}, traced: true, outside: "! grep -q capmon-test /proc/mounts"},
		{found: found{name: "hostname", command: "hostname capmon-test", check: "test $(hostname) = capmon-test",
			want: "cap_sys_admin"}, outside: "test $(hostname) != capmon-test"},
		{found: found{name: "device node", command: "mknod DIR/open/n c 1 3", setup: "mkdir -p -m 777 DIR/open",
			check: "test -c DIR/open/n && ! mknod DIR/open/n c 1 3", want: "cap_mknod"}, outside: "! test -e DIR/open"},
		{found: found{name: "device node in /dev", command: "mknod /dev/capmon-test c 1 3",
			want: "cap_dac_override,cap_mknod"}, outside: "! test -e /dev/capmon-test"},
		{found: found{name: "daemon", command: "setsid DIR/capmon-daemon 1000 >/dev/null 2>&1 & cat /etc/shadow",
			setup: "cp /bin/sleep DIR/capmon-daemon", want: "cap_dac_read_search"}, outside: "! ps -e | grep capmon-daemon"},
		{found: found{name: "kill everything", command: "kill -9 -1", setup: "sleep 1000 & echo $! >DIR/pid",
			check: "timeout 2 sh -c 'while ps -o stat= -p '$(cat DIR/pid)' | grep -qv Z; do :; done'", want: "cap_kill"},
			traced: true, outside: "true"},
		{found: found{name: "System V shared memory", command: "ipcmk -M 86017", want: ""}, outside: "! ipcs -m | grep ' 86017 '"},
		{found: found{name: "interface", setup: "ip tuntap add dev capmon-test mode tap",
			command: "ip link set capmon-test up && ip link set lo down", want: "cap_net_admin"},
			net: true, outside: "! ip link show dev capmon-test && ip link show dev lo up | grep -q lo"},
	}
}

func TestSandboxKeepsTheHostAsItIs(t *testing.T) {
	requireRoot(t)
	for _, backend := range append(backends(t), "none") {
		t.Run(backend, func(t *testing.T) {
			var tracer *follow.Tracer
			if backend != "none" {
				var err error
				if tracer, err = follow.Open(backend); err != nil {
					t.Fatal(err)
				}
				defer tracer.Close()
			}
			for _, h := range harmfulTable() {
				if tracer == nil && h.traced {
					continue // about what only a tracer sees
				}
				t.Run(h.name, func(t *testing.T) { h.run(t, tracer) })
			}
		})
	}
}

func (h harmful) run(t *testing.T, tracer *follow.Tracer) {
	if tracer == nil {
		h.attempts = controller.DefaultMaxRuns
	}
	dir := testenv.OpenDir(t)
	h.found.runIn(t, inSandbox(t, tracer, sandbox.Options{Net: h.net}), dir)
	out, err := exec.Command("sh", "-c", strings.ReplaceAll(h.outside, "DIR", dir)).CombinedOutput()
	if err != nil {
		t.Errorf("outside of the sandbox, %s: %v\n%s", h.outside, err, out)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left outside: %v, %v", left, err)
	}
}

// inside runs a command in a sandbox as uid 0 with everything, and returns
// what it printed.
func inside(t *testing.T, options sandbox.Options, config attempt.Config) string {
	t.Helper()
	var err error
	if config.Identity, err = account.Lookup("0"); err != nil {
		t.Fatal(err)
	}
	config.Env = os.Environ()
	config.Timeout = time.Minute
	config.Warn = func(err error) { t.Errorf("warned: %v", err) }
	a, err := inSandbox(t, nil, options)(config).Attempt(context.Background(), controller.Request{Grant: launch.Grantable()})
	if err != nil || !a.Success {
		t.Fatalf("%s, %v: %s", a.Outcome, err, a.Output)
	}
	return a.Output
}

// Hooks are in the same sandbox as the command, and what a setup has started
// is there for the whole attempt, while what the command left is ended.
func TestSandboxHooks(t *testing.T) {
	requireRoot(t)
	dir := testenv.OpenDir(t)
	inside(t, sandbox.Options{}, attempt.Config{
		Command: []string{"sleep 1001 & cat " + dir + "/pid && hostname from-command"},
		Setup:   "cd " + dir + "; pwd >cwd; sleep 1000 & echo $! >pid; hostname from-setup",
		Check:   "cd " + dir + "; kill -0 $(cat pid) && test $(hostname) = from-command && echo x >>checked",
		Cleanup: "cd " + dir + "; kill $(cat pid) && ! pgrep -f 'sleep 100[1]' && test -s checked",
	})
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left outside: %v, %v", left, err)
	}
}

// What the kernel shows of the whole machine cannot be changed; what belongs
// to the sandbox can.
func TestSandboxKernelSettings(t *testing.T) {
	requireRoot(t)
	for _, test := range []struct {
		command string
		net     bool
		want    string // with a line end all of it, else the end
	}{
		{command: "echo 1 >/proc/sys/vm/swappiness", want: "Read-only file system"},
		{command: "echo 1 >/proc/sys/net/ipv4/ip_forward", want: "Read-only file system"},
		{command: "echo 1 >/proc/sys/net/ipv4/ip_forward && cat /proc/sys/net/ipv4/ip_forward", net: true, want: "1\n"},
		{command: "echo box >/proc/sys/kernel/hostname && hostname", want: "box\n"},
		{command: "echo 77 >/proc/sys/kernel/shmmni && cat /proc/sys/kernel/shmmni", want: "77\n"},
		{command: "mkdir $(awk '$3 ~ /^cgroup/ {print $2; exit}' /proc/mounts)/capmon-test", want: "Read-only file system"},
		{command: "echo 1 >/sys/kernel/mm/ksm/run || echo 1 >/sys/power/state", want: "Read-only file system"},
		{command: "ls /sys/class/net", net: true, want: "lo\n"},
	} {
		t.Run(test.command, func(t *testing.T) {
			got := inside(t, sandbox.Options{Net: test.net}, attempt.Config{Command: []string{test.command + " 2>&1 || true"}})
			if got != test.want && (strings.HasSuffix(test.want, "\n") || !strings.HasSuffix(got, test.want+"\n")) {
				t.Errorf("printed %q, want %q", got, test.want)
			}
		})
	}
}

// Devices and terminals can be used.
func TestSandboxDevices(t *testing.T) {
	requireRoot(t)
	for command, want := range map[string]string{
		"echo x >/dev/null; head -c 3 /dev/zero | wc -c":                            "3\n",
		"script -qec 'test -t 0 && tty' /dev/null | sed 's/[0-9]*.$//'":             "/dev/pts/\n",
		"stat -c %t:%T /dev/null; test -w /dev/null && echo y":                      "1:3\ny\n",
		"ip tuntap add dev cmtest0 mode tap && ip -o link show dev cmtest0 | wc -l": "1\n",
	} {
		t.Run(command, func(t *testing.T) {
			if got := inside(t, sandbox.Options{Net: true}, attempt.Config{Command: []string{command}}); got != want {
				t.Errorf("printed %q, want %q", got, want)
			}
		})
	}
}

// A file is as it is outside, whatever its mode, owner and attributes; and
// what is written is found again.
func TestSandboxFiles(t *testing.T) {
	requireRoot(t)
	const look = "for d in / /tmp /run /dev /dev/shm /etc /var/tmp; do stat -c '%n %a %u %g' $d; done; ls /etc; sha256sum /etc/passwd"
	want, err := exec.Command("sh", "-c", look).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := inside(t, sandbox.Options{}, attempt.Config{Command: []string{look}}); got != string(want) {
		t.Errorf("the sandbox shows\n%s\nand the host\n%s", got, want)
	}
	dir := testenv.OpenDir(t)
	if err := os.Mkdir(filepath.Join(dir, "old"), 0o700); err != nil {
		t.Fatal(err)
	}
	// A directory of the host's is renamed, with what is in it.
	script := fmt.Sprintf("cd %s && touch old/f && perl -e 'rename(\"old\", \"new\") or die $!' && ls new", dir)
	if got := inside(t, sandbox.Options{}, attempt.Config{Command: []string{script}}); got != "f\n" {
		t.Errorf("printed %q", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "old")); err != nil {
		t.Error(err)
	}
}

// The working directory is the same, the standard input too.
func TestSandboxInherits(t *testing.T) {
	requireRoot(t)
	want, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	stdin, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	if _, err := stdin.WriteString("words"); err != nil {
		t.Fatal(err)
	}
	if _, err := stdin.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	got := inside(t, sandbox.Options{}, attempt.Config{Command: []string{"pwd; cat"}, Stdin: stdin})
	if got != want+"\nwords" {
		t.Errorf("printed %q", got)
	}
}

// No process and no mount of a sandbox is seen in another or outside.
func TestSandboxesAreApart(t *testing.T) {
	requireRoot(t)
	const script = "list=$(ps -e -o comm=); echo $list"
	if got := inside(t, sandbox.Options{}, attempt.Config{Command: []string{script}}); got != "capkeeper sh ps\n" {
		t.Errorf("processes in the sandbox: %s", got)
	}
	sandboxes, err := launch.NewSandboxes(sandbox.Options{})
	testenv.Must(t, err)
	box, err := sandboxes.Start()
	testenv.Must(t, err)
	defer box.Close()
	overlay := []byte("upperdir=/store/")
	if mounts := mountsOf(t, strconv.Itoa(box.Keeper().PID())); !bytes.Contains(mounts, overlay) {
		t.Errorf("no overlay in the sandbox:\n%s", mounts)
	}
	if mounts := mountsOf(t, "self"); bytes.Contains(mounts, overlay) {
		t.Errorf("mounts of a sandbox outside, while it is there:\n%s", mounts)
	}
}

// mountsOf is the mount table of a process, which /proc names.
func mountsOf(t *testing.T, process string) []byte {
	t.Helper()
	mounts, err := os.ReadFile("/proc/" + process + "/mountinfo")
	testenv.Must(t, err)
	return mounts
}

// Several attempts at the same time do not see or disturb each other.
func TestSandboxesSideBySide(t *testing.T) {
	requireRoot(t)
	tracer, err := follow.Open("")
	if err != nil {
		t.Fatal(err)
	}
	defer tracer.Close()
	dir := testenv.OpenDir(t)
	id, err := account.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	chroot, err := caps.Parse("cap_sys_chroot")
	if err != nil {
		t.Fatal(err)
	}
	a := inSandbox(t, tracer, sandbox.Options{})(attempt.Config{
		Command: []string{"chroot / true && echo x >>" + dir + "/f && test $(wc -l <" + dir + "/f) = 1"},
		Setup:   "chmod 777 " + dir, Env: []string{"PATH=/usr/sbin:/usr/bin"}, Identity: id, Timeout: time.Minute,
		Warn: func(err error) { t.Errorf("warned: %v", err) },
	})
	var group sync.WaitGroup
	for n := range 16 {
		group.Go(func() {
			granted := n%2 == 0
			var grant caps.Set
			if granted {
				grant = caps.NewSet(chroot)
			}
			made, err := a.Attempt(context.Background(), controller.Request{Grant: grant})
			refusal := made.Refusal()
			if err != nil || made.Success != granted || made.Lost != 0 || granted != (refusal == nil) {
				t.Errorf("with %q: %s, %v, refused %v\n%s", grant, made.Outcome, err, refusal, made.Output)
			}
			if refusal != nil && refusal.Cap != chroot {
				t.Errorf("refused %v", refusal)
			}
		})
	}
	group.Wait()
}

// What listens on a socket of the machine's is not reached, be it a file or a
// mount, as docker.sock is in a container.
func TestSandboxSockets(t *testing.T) {
	requireRoot(t)
	dir := testenv.OpenDir(t)
	listener, err := net.Listen("unix", filepath.Join(dir, "socket"))
	testenv.Must(t, err)
	defer listener.Close()
	mounted := filepath.Join(dir, "mounted")
	testenv.Must(t, os.WriteFile(mounted, nil, 0o666))
	testenv.Must(t, unix.Mount(filepath.Join(dir, "socket"), mounted, "", unix.MS_BIND, ""))
	t.Cleanup(func() { testenv.Must(t, unix.Unmount(mounted, unix.MNT_DETACH)) })
	for _, name := range []string{"socket", "mounted"} {
		connect := fmt.Sprintf(`perl -MSocket -e 'socket(S, PF_UNIX, SOCK_STREAM, 0); connect(S, sockaddr_un("%s/%s")) and print "reached"; print "\n"'`, dir, name)
		if got := inside(t, sandbox.Options{}, attempt.Config{Command: []string{connect}}); got != "\n" {
			t.Errorf("%s: %q", name, got)
		}
		if out, err := exec.Command("sh", "-c", connect).Output(); err != nil || string(out) != "reached\n" {
			t.Errorf("%s, outside: %q, %v", name, out, err)
		}
	}
}
