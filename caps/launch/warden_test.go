package launch

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
)

// Only the warden becomes a child of the calling process, also when a keeper
// is killed, and no child of its own is touched.
func TestOtherChildrenAreLeftAlone(t *testing.T) {
	testenv.NeedRoot(t, "launching commands")
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleEnv+"=host")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
}

// A warden that is stopped or killed costs nothing but a new one.
func TestHelperIsStartedAgain(t *testing.T) {
	k := newKeeper(t)
	mark := t.TempDir() + "/mark"
	bequest := sh("echo >" + mark)
	bequest.Detached = true
	if err := k.Bequeath(&bequest, patient); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		helper, err := k.Helper()
		if err != nil {
			t.Fatal(err)
		}
		hook := sh("kill -STOP $PPID; echo works")
		hook.Detached = true
		if got := output(t, helper, hook); got != "works\n" {
			t.Errorf("printed %q", got)
		}
		if err := unix.Kill(helper.PID(), unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-helper.dead
	}
	// As if capmon died: the new one knows what was bequeathed.
	helper, err := k.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if err := helper.hangUp(patient); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(mark); err != nil {
		t.Error(err)
	}
}

// What a hook left in the background ends with the keeper, at the latest.
func TestHooksLeaveNothing(t *testing.T) {
	k := newKeeper(t)
	helper, err := k.Helper()
	if err != nil {
		t.Fatal(err)
	}
	hook := sh("setsid sleep 1000 >/dev/null 2>&1 & echo")
	hook.Detached = true
	output(t, helper, hook)
	found, err := descendants(helper.PID())
	if err != nil {
		t.Fatal(err)
	}
	var fds []int
	for _, p := range found {
		if !p.dead {
			fds = append(fds, watch(t, p.pid))
		}
	}
	if len(fds) == 0 {
		t.Fatal("nothing was left")
	}
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if !endsWithin(fd, 0) {
			t.Error("it runs after Close")
		}
	}
}

// hostOfKeeper is a program that uses a keeper and has a child of its own.
func hostOfKeeper() int {
	child := exec.Command("sleep", "1000")
	if err := child.Start(); err != nil {
		return 1
	}
	defer child.Process.Kill()
	k, err := StartKeeper()
	if err != nil {
		return 2
	}
	ctx, cancel := withPatience()
	defer cancel()
	// Not before Launch has returned: the keeper must live to say that the
	// command has started.
	read, write, err := os.Pipe()
	if err != nil {
		return 3
	}
	command := sh("read go; setsid sleep 1000 & kill -9 $PPID; sleep 1000")
	command.Stdin = read
	p, err := k.Launch(ctx, command, nil)
	if err != nil {
		return 3
	}
	if _, err := write.WriteString("go\n"); err != nil {
		return 3
	}
	if _, err := p.Wait(ctx); err != ErrKeeperDied {
		return 4
	}
	if children := childrenOf(os.Getpid()); len(children) != 2 {
		return 5
	}
	begin := time.Now()
	if err := k.End(ctx, 0); err != nil {
		return 6
	}
	if left, err := k.Leftovers(); err != nil || len(left) > 0 || time.Since(begin) > patient {
		return 7
	}
	if err := k.Close(); err != nil {
		return 8
	}
	if own, err := readProc(child.Process.Pid); err != nil || own.dead {
		return 9
	}
	return 0
}
