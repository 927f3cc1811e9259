package follow

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
)

// ownSetUp is a program that does something as itself first, and stops. When
// it is continued it executes what makes two checks.
func ownSetUp(t *testing.T) int {
	t.Helper()
	script := perlAsk + `ask(); kill STOP => $$; $ENV{ASK} = '` + perlAsk + `ask(); ask()'; exec "/usr/bin/perl", "-e", $ENV{ASK}`
	pid, err := syscall.ForkExec("/usr/bin/perl", []string{"perl", "-e", script}, &syscall.ProcAttr{Sys: credential()})
	testenv.Must(t, err)
	t.Cleanup(func() {
		_ = unix.Kill(pid, unix.SIGKILL)
		_, _ = unix.Wait4(pid, nil, 0, nil)
	})
	var status unix.WaitStatus
	_, err = unix.Wait4(pid, &status, unix.WUNTRACED, nil)
	testenv.Must(t, err)
	if !status.Stopped() {
		t.Fatalf("wait status %#x, want a stopped process", int(status))
	}
	return pid
}

// finish lets it go on to its end, and returns what was seen.
func finish(t *testing.T, r *Recording, pid int) {
	t.Helper()
	testenv.Must(t, unix.Kill(pid, unix.SIGCONT))
	awaitEnd(t, pid)
	testenv.Must(t, r.Disarm())
	seen, err := r.Collect()
	testenv.Must(t, err)
	onlyCheck(t, seen, 2)
	if len(seen.Images) != 1 || !seen.Images[0].Executed || seen.Images[0].PID != pid {
		t.Errorf("images %+v, want the one that was executed", seen.Images)
	}
}

func TestArmProcess(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		armed, other := ownSetUp(t), ownSetUp(t)
		r, err := tracer.Record()
		testenv.Must(t, err)
		testenv.Must(t, r.ArmProcess(armed))
		testenv.Must(t, unix.Kill(other, unix.SIGCONT))
		awaitEnd(t, other)
		finish(t, r, armed)
	})
}

func TestArmCgroup(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		dir := filepath.Join(testenv.Cgroup2(t), "capmon-follow-"+strconv.Itoa(os.Getpid()))
		below := filepath.Join(dir, "below")
		for _, d := range []string{dir, below} {
			testenv.Must(t, os.Mkdir(d, 0o755))
			t.Cleanup(func() { testenv.Must(t, unix.Rmdir(d)) })
		}
		for _, where := range []string{dir, below} {
			pid, other := ownSetUp(t), ownSetUp(t)
			testenv.Must(t, os.WriteFile(filepath.Join(where, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0))
			r, err := tracer.Record()
			testenv.Must(t, err)
			testenv.Must(t, r.ArmCgroup(dir))
			testenv.Must(t, unix.Kill(other, unix.SIGCONT))
			awaitEnd(t, other)
			finish(t, r, pid)
			_, _ = unix.Wait4(pid, nil, 0, nil)
		}
	})
}

func TestArmCgroupOfNone(t *testing.T) {
	oneBackend(t, func(t *testing.T, tracer *Tracer) {
		r, err := tracer.Record()
		testenv.Must(t, err)
		for _, dir := range []string{t.TempDir(), "/nonexistent"} {
			if err := r.ArmCgroup(dir); err == nil {
				t.Errorf("armed %s, which is no cgroup", dir)
			}
		}
		testenv.Must(t, r.Disarm())
		if _, err := r.Collect(); err != ErrNotSeen {
			t.Errorf("error %v, want ErrNotSeen", err)
		}
	})
}

// What the first execs do is not recorded, and what a second armed thread
// starts is.
func TestArmSkipsExecs(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		r, err := tracer.Record()
		testenv.Must(t, err)
		for range 2 {
			runtime.LockOSThread()
			testenv.Must(t, r.Arm(unix.Gettid(), 1))
			p := perlAsk + `ask(); exec "/usr/bin/perl", "-e", '` + perlAsk + `ask()'`
			pid, err := syscall.ForkExec("/usr/bin/perl", []string{"perl", "-e", p}, &syscall.ProcAttr{Sys: credential()})
			runtime.UnlockOSThread()
			testenv.Must(t, err)
			awaitEnd(t, pid)
			_, _ = unix.Wait4(pid, nil, 0, nil)
		}
		testenv.Must(t, r.Disarm())
		seen, err := r.Collect()
		testenv.Must(t, err)
		if n := countOf(asks(seen)); n != 2 {
			t.Errorf("%d checks, want one of each command after the first exec: %+v", n, seen.Checks)
		}
	})
}
