package launch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/internal/testenv"
)

func newSandbox(t testing.TB, options sandbox.Options) *Sandbox {
	t.Helper()
	testenv.NeedRoot(t, "changing users and capabilities")
	all, err := NewSandboxes(options)
	if err != nil {
		t.Fatal(err)
	}
	box, err := all.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Errorf("close sandbox: %v", err)
		}
	})
	return box
}

// The thread that is to be traced is called as capmon sees it.
func TestSandboxArmsWithOuterThread(t *testing.T) {
	k := newSandbox(t, sandbox.Options{}).Keeper()
	armed := 0
	spec := sh("true")
	p, err := k.Launch(within(t), spec, func(tid int) error {
		armed = tid
		_, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d", k.PID(), tid))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
	if armed <= p.PID {
		t.Errorf("armed thread %d; the command is %d in the sandbox", armed, p.PID)
	}
}

// Nothing survives the first process of a sandbox, be it killed or told to
// go.
func TestSandboxEndsWithItsKeeper(t *testing.T) {
	for name, end := range map[string]func(*Sandbox) error{
		"closed":        (*Sandbox).Close,
		"keeper killed": func(b *Sandbox) error { return unix.Kill(b.Keeper().PID(), unix.SIGKILL) },
		"socket closed": func(b *Sandbox) error { return b.Keeper().conn.close() },
	} {
		t.Run(name, func(t *testing.T) {
			box := newSandbox(t, sandbox.Options{})
			helper, err := box.Helper()
			if err != nil {
				t.Fatal(err)
			}
			beside := sh("setsid sleep 1000 >/dev/null 2>&1 & echo")
			beside.Detached = true
			output(t, helper, beside)
			p, _ := launch(t, box.Keeper(), sh("setsid sleep 1000 >/dev/null 2>&1 & echo; sleep 1000"))
			var fds []int
			for _, k := range []*Keeper{helper, box.Keeper()} {
				found, err := descendants(k.PID())
				if err != nil || len(found) == 0 {
					t.Fatalf("processes of the sandbox: %v, %v", found, err)
				}
				for _, process := range found {
					fds = append(fds, watch(t, process.pid))
				}
			}
			if err := end(box); err != nil {
				t.Fatal(err)
			}
			if _, err := p.Wait(within(t)); !errors.Is(err, ErrKeeperDied) {
				t.Errorf("wait for the command: %v", err)
			}
			for _, fd := range fds {
				awaitEnd(t, "a process of the sandbox", fd)
			}
			if err := box.Keeper().End(within(t), 0); err != nil {
				t.Errorf("end: %v", err)
			}
		})
	}
}

// What a detached command left is waited for when it ends, also while nothing
// else is started.
func TestDetachedLeftoversAreReaped(t *testing.T) {
	box := newSandbox(t, sandbox.Options{})
	helper, err := box.Helper()
	if err != nil {
		t.Fatal(err)
	}
	beside := sh("sleep 1000 >/dev/null 2>&1 & echo $!")
	beside.Detached = true
	p, pid := launch(t, helper, beside)
	if exit, err := p.Wait(within(t)); err != nil || !exit.Alone {
		t.Fatalf("%+v, %v", exit, err)
	}
	output(t, box.Keeper(), sh("kill "+pid+"; while kill -0 "+pid+" 2>/dev/null; do :; done"))
}

// A signal reaches the process group of a detached command.
func TestDetachedSignal(t *testing.T) {
	box := newSandbox(t, sandbox.Options{})
	helper, err := box.Helper()
	if err != nil {
		t.Fatal(err)
	}
	beside := sh("sleep 1000 & echo; wait")
	beside.Detached = true
	p, _ := launch(t, helper, beside)
	if err := p.signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if exit, err := p.Wait(within(t)); err != nil || exit.Status.Signal() != unix.SIGTERM {
		t.Errorf("%+v, %v", exit, err)
	}
}

// Where namespaces cannot be made, that is said.
func TestSandboxNotPermitted(t *testing.T) {
	testenv.NeedRoot(t, "changing users and capabilities")
	cmd := role(t, "sandbox")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	cmd.Path = executableCopy(t)
	cmd.Dir, cmd.Stderr = "/", nil
	out, _ := cmd.CombinedOutput()
	const want = "make sandbox: operation not permitted: capmon lacks CAP_SYS_ADMIN, as in a container, or a security module denies it\n"
	if string(out) != want {
		t.Errorf("said %q, want %q", out, want)
	}
}

// oddMounts is a shell script that mounts what is not common, below its first
// argument.
const oddMounts = `
mount --make-rprivate /
mount --make-rshared /
mount -t tmpfs none $1
cd $1
mkdir lower upper1 work1 upper2 work2 once twice nosuid 'a:b,c d\e' hidden covered frozen
echo lower >lower/f
mount -t overlay -o lowerdir=lower,upperdir=upper1,workdir=work1 none once
mount -t overlay -o lowerdir=once,upperdir=upper2,workdir=work2 none twice
mount -t tmpfs -o nosuid,nodev,noexec,mode=1770,gid=1 none nosuid
mount -t tmpfs none 'a:b,c d\e'
echo odd >'a:b,c d\e/f'
mkdir hidden/below
mount -t tmpfs none hidden/below
mount -t tmpfs none hidden
mount -t tmpfs -o ro none covered
mount -t tmpfs none frozen; mount -o remount,ro frozen; mount -o remount,bind,rw frozen
echo hosts >hosts; echo mounted >file
chmod 640 file
mount --bind file hosts`

// lookAround is run in the sandbox, and changes what it can.
const lookAround = `
cd $1
cat twice/f; echo x 2>&1 >twice/g
echo x >once/g && cat once/f once/g
echo x >'a:b,c d\e/g' && cat 'a:b,c d\e/f'
stat -c '%a %u %g' nosuid
awk -v d=$1/nosuid '$5 == d {print $6}' /proc/self/mountinfo
ls hidden
echo x 2>&1 >covered/g; mount -o remount,rw covered && echo x >covered/g && cat covered/g
echo x 2>&1 >frozen/g
cat hosts; stat -c %a hosts; echo changed >hosts && cat hosts
`

const sawAround = `lower
sh: 3: cannot create twice/g: Read-only file system
lower
x
odd
1770 0 1
rw,nosuid,nodev,noexec,relatime
sh: 9: cannot create covered/g: Read-only file system
x
sh: 10: cannot create frozen/g: Read-only file system
mounted
640
changed
`

// TestSandboxOfOddMounts is about mounts of all kinds, in a mount namespace of
// the test's own.
func TestSandboxOfOddMounts(t *testing.T) {
	testenv.NeedRoot(t, "changing users and capabilities")
	dir := t.TempDir()
	cmd := role(t, "oddmounts", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	want := dir + "/twice (overlay) is read-only in the sandbox: it cannot be overlaid: invalid argument\n" + sawAround
	if string(out) != want {
		t.Errorf("printed\n%s\nwant\n%s", out, want)
	}
}

// sandboxOfOddMounts fails if the sandbox has changed anything outside.
func sandboxOfOddMounts() int {
	dir := os.Args[1]
	fail := func(err error) int { fmt.Fprintln(os.Stderr, err); return 1 }
	if out, err := exec.Command("sh", "-ec", oddMounts, "sh", dir).CombinedOutput(); err != nil {
		return fail(fmt.Errorf("%w: %s", err, out))
	}
	before, err := outside(dir)
	if err != nil {
		return fail(err)
	}
	if status := inOneSandbox(lookAround, dir); status != 0 {
		return status
	}
	after, err := outside(dir)
	if err != nil {
		return fail(err)
	}
	if before != after {
		return fail(fmt.Errorf("before:\n%s\nafter:\n%s", before, after))
	}
	return 0
}

// outside is what is mounted, and all files below dir with their contents.
func outside(dir string) (string, error) {
	out, err := exec.Command("sh", "-ec", "cat /proc/self/mountinfo; cd $1; ls -lR --time-style=full-iso; find . -type f | sort | xargs -d '\\n' cat", "sh", dir).Output()
	return string(out), err
}

// inOneSandbox prints what is read-only in a sandbox, and runs a script in it.
func inOneSandbox(script string, args ...string) int {
	fail := func(err error) int { fmt.Fprintln(os.Stderr, err); return 1 }
	all, err := NewSandboxes(sandbox.Options{})
	if err != nil {
		return fail(err)
	}
	box, err := all.Start()
	if err != nil {
		return fail(err)
	}
	defer box.Close()
	for _, r := range box.ReadOnly {
		fmt.Println(r)
	}
	spec := sh(script)
	spec.Args = slices.Concat(spec.Args, []string{"sh"}, args)
	spec.Stdout, spec.Stderr = os.Stdout, os.Stdout
	ctx, cancel := withPatience()
	defer cancel()
	p, err := box.Keeper().Launch(ctx, spec, nil)
	if err != nil {
		return fail(err)
	}
	if _, err := p.Wait(ctx); err != nil {
		return fail(err)
	}
	return 0
}

// What capmon has changed for itself since is not inherited by what is in a
// sandbox.
func TestSandboxInheritsIgnoredSignals(t *testing.T) {
	testenv.NeedRoot(t, "changing users and capabilities")
	all, err := NewSandboxes(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all.inherited.ignored |= 1 << (unix.SIGHUP - 1)
	all.inherited.memlock = unix.Rlimit{Cur: 4096, Max: 8192}
	box, err := all.Start()
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	spec := sh("kill -HUP $$; grep 'Max locked' /proc/self/limits")
	if got := strings.Fields(output(t, box.Keeper(), spec)); !slices.Equal(got, []string{"Max", "locked", "memory", "4096", "8192", "bytes"}) {
		t.Errorf("limits: %v", got)
	}
}
