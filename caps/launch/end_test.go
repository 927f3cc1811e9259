package launch

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/internal/testenv"
)

func itoa(n int) string { return strconv.Itoa(n) }

// family is a script that starts four processes called sleep: a child, a
// grandchild, a daemon (double fork, own session), and one in a pid namespace
// of its own; and waits.
const family = `
sleep 1000 &
(sleep 1000; :) &
setsid sh -c 'sleep 1000 & exit' &
unshare --pid --fork sleep 1000 &
wait; wait; wait; wait; wait`

const familySize = 4

// stopped is a script that starts a process and stops it.
const stopped = "sleep 1000 & until grep -q sleep /proc/$!/comm; do :; done; kill -STOP $!; wait"

func TestLeftovers(t *testing.T) {
	k := newKeeper(t)
	if left, err := k.Leftovers(); err != nil || len(left) != 0 {
		t.Errorf("before the first command: %v, %v", left, err)
	}
	p, err := k.Launch(within(t), sh("sleep 1000 & exit 7"), nil)
	if err != nil {
		t.Fatal(err)
	}
	exit, err := p.Wait(within(t))
	if err != nil || exit.Code() != 7 || exit.Alone {
		t.Errorf("ended with %d, alone %v, %v", exit.Code(), exit.Alone, err)
	}
	left := awaitLeft(t, k, "sleep", 1)
	if len(left) != 1 {
		t.Errorf("left are %v", left)
	}
	if _, err := k.Launch(within(t), sh("true"), nil); !errors.Is(err, ErrBusy) {
		t.Errorf("launching beside it: %v", err)
	}
	fd := watch(t, left[0].PID)
	unix.Kill(left[0].PID, unix.SIGTERM)
	if err := k.WaitAll(within(t)); err != nil {
		t.Error(err)
	}
	awaitEnd(t, "sleep", fd)
	output(t, k, sh("true"))
}

func TestEnd(t *testing.T) {
	for _, test := range []struct {
		name, script, comm string
		processes          int
		grace              time.Duration
	}{
		{"at once", family, "sleep", familySize, 0},
		{"politely", "sleep 1000 & (sleep 1000; :) & setsid sleep 1000 & wait", "sleep", 3, patient / 2},
		{"stopped", stopped, "sleep", 1, patient / 2},
		{"deaf", "trap '' TERM; sleep 1000", "sleep", 1, 50 * time.Millisecond},
		{"deaf and stopped", "trap '' TERM; " + stopped, "sleep", 1, 50 * time.Millisecond},
		// The first process of a pid namespace does not get SIGTERM.
		{"pid namespace", "unshare --pid --fork sleep 1000", "sleep", 1, 50 * time.Millisecond},
		{"detached", "setsid sleep 1000 & exit 0", "sleep", 1, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := newKeeper(t)
			if _, err := k.Launch(within(t), sh(test.script), nil); err != nil {
				t.Fatal(err)
			}
			var fds []int
			for _, l := range awaitLeft(t, k, test.comm, test.processes) {
				fds = append(fds, watch(t, l.PID))
			}
			begin := time.Now()
			if err := k.End(within(t), test.grace); err != nil {
				t.Fatal(err)
			}
			for _, fd := range fds {
				if !endsWithin(fd, 0) {
					t.Errorf("a process runs after End")
					unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
				}
			}
			// The polite end must not have been for SIGKILL to make.
			if took := time.Since(begin); test.grace == patient/2 && took >= test.grace {
				t.Errorf("it took %v, SIGTERM did not do", took)
			}
			if left, err := k.Leftovers(); err != nil || len(left) != 0 {
				t.Errorf("left are %v, %v", left, err)
			}
			output(t, k, sh("true"))
		})
	}
}

// SIGTERM lets a command clean up; what it starts for that is let alone.
func TestEndLetsTheCommandCleanUp(t *testing.T) {
	k := newKeeper(t)
	mark := t.TempDir() + "/mark"
	p, _ := launch(t, k, sh(`
		clean() {
			for i in 1 2 3 4 5 6 7 8 9; do /bin/sh -c 'sleep 0.01; exit 0' || exit 1; done
			/bin/touch `+mark+`
			exit 9
		}
		trap clean TERM; echo ready; while :; do sleep 1000 & wait; done`))
	if err := k.End(within(t), patient/2); err != nil {
		t.Fatal(err)
	}
	if exit, err := p.Wait(within(t)); err != nil || exit.Code() != 9 {
		t.Errorf("the command ended with %d, %v", exit.Code(), err)
	}
	if _, err := os.Stat(mark); err != nil {
		t.Error(err)
	}
}

func TestEndOfWhatForksFasterThanItDies(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	hopping := Spec{Path: self, Args: []string{"hop"}, Env: []string{roleEnv + "=hop"}}
	bomb := Spec{
		Path: "/bin/bash",
		Args: []string{"bash", "-ec", `ulimit -u 100; b() { b | b & }; while :; do b; done 2>/dev/null`},
		// ulimit -u counts all processes of a user, and root is not limited.
		Identity: &account.Identity{UID: 54321, GID: 54321}, Grant: grant(),
	}
	for _, test := range []struct {
		name string
		spec Spec
		comm string
		n    int
	}{
		{"loop", sh("ulimit -u 150; while :; do /bin/true & done 2>/dev/null"), "true", 1},
		{"hop", hopping, "launch.test", 1},
		// Limited, or the machine would be in trouble and not the test.
		{"bomb", bomb, "bash", 80},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := newKeeper(t)
			if test.name != "hop" {
				test.spec.Identity = nobody()
				test.spec.Identity.UID = 54321 // ulimit -u counts all processes of a user
			}
			if _, err := k.Launch(within(t), test.spec, nil); err != nil {
				t.Fatal(err)
			}
			awaitLeft(t, k, test.comm, test.n)
			begin := time.Now()
			if err := k.End(within(t), 0); err != nil {
				t.Fatal(err)
			}
			t.Logf("ended after %v", time.Since(begin))
			if left, err := descendants(k.PID()); err != nil || len(left) != 0 {
				t.Errorf("left are %v, %v", left, err)
			}
		})
	}
}

// What was not there at first is killed too.
func TestEnderReachesLatecomers(t *testing.T) {
	var procs []proc
	for range 3 {
		cmd := exec.Command("sleep", "1000")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer cmd.Wait()
		defer cmd.Process.Kill()
		p, err := readProc(cmd.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		procs = append(procs, p)
	}
	rounds := 0
	e := ender{walk: func(visit func(proc)) error {
		rounds++
		for _, p := range procs[:min(rounds, len(procs))] {
			if now, err := readProc(p.pid); err == nil {
				visit(now)
			}
		}
		// One more appears as long as one is left.
		for _, p := range procs[min(rounds, len(procs)):] {
			visit(proc{pid: p.pid, started: p.started + 1}) // somebody else's pid
		}
		return nil
	}}
	if err := e.run(within(t), 0); err != nil {
		t.Fatal(err)
	}
	for _, p := range procs {
		if now, err := readProc(p.pid); err == nil && !now.dead {
			t.Errorf("%d runs after %d rounds", p.pid, rounds)
		}
	}
}

func TestEndGivesUpWithItsContext(t *testing.T) {
	k := newKeeper(t)
	_, _ = launch(t, k, sh("trap '' TERM; echo ready; while :; do sleep 1000; done"))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := k.End(ctx, patient); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
	if err := k.End(within(t), 0); err != nil {
		t.Error(err)
	}
}

func TestWaitGivesUpWithItsContext(t *testing.T) {
	k := newKeeper(t)
	p, _ := launch(t, k, sh("echo ready; exec sleep 1000"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if left, err := k.Leftovers(); err != nil || len(left) != 1 {
		t.Errorf("left are %v, %v: the command should still run", left, err)
	}
}

func TestReleaseLeavesDaemonsAlone(t *testing.T) {
	k := newKeeper(t)
	p, err := k.Launch(within(t), sh("setsid sleep 1000 & exit 0"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(within(t)); err != nil {
		t.Fatal(err)
	}
	daemon := awaitLeft(t, k, "sleep", 1)[0]
	fd := watch(t, daemon.PID)
	if err := k.Release(); err != nil {
		t.Fatal(err)
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	if endsWithin(fd, 0) {
		t.Error("the daemon was ended")
	}
	unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	awaitEnd(t, "daemon", fd)
}

func TestReleaseOfARunningCommand(t *testing.T) {
	k := newKeeper(t)
	launch(t, k, sh("echo ready; exec sleep 1000"))
	if err := k.Release(); err == nil {
		t.Error("a command was released that would not survive it")
	}
	if err := k.End(within(t), 0); err != nil {
		t.Error(err)
	}
}

func TestCapmonDies(t *testing.T) {
	testenv.NeedRoot(t, "changing users and capabilities")
	cmd := role(t, "capmon", family, itoa(familySize))
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	defer cmd.Wait()
	defer cmd.Process.Kill()
	fds := watchAll(t, readLine(t, r))
	if len(fds) < familySize+2 {
		t.Fatalf("only %d processes", len(fds))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for name, fd := range fds {
		awaitEnd(t, name, fd)
	}
}

// watchAll opens a pidfd for each pid in the line.
func watchAll(t *testing.T, line string) map[string]int {
	t.Helper()
	fds := make(map[string]int)
	for _, text := range strings.Fields(line) {
		pid, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		p, err := readProc(pid)
		if err != nil {
			t.Fatal(err)
		}
		fds[p.comm+" "+text] = watch(t, pid)
	}
	return fds
}

func TestKeeperDies(t *testing.T) {
	k := newKeeper(t)
	// Neither another child of capmon's nor another keeper is the command's.
	bystander := exec.Command("sleep", "1000")
	if err := bystander.Start(); err != nil {
		t.Fatal(err)
	}
	defer bystander.Wait()
	defer bystander.Process.Kill()
	p, err := k.Launch(within(t), sh(family), nil)
	if err != nil {
		t.Fatal(err)
	}
	other := newKeeper(t)
	launch(t, other, sh("echo ready; exec sleep 1000"))
	command := watch(t, p.PID)
	var fds []int
	for _, l := range awaitLeft(t, k, "sleep", familySize) {
		fds = append(fds, watch(t, l.PID))
	}
	if err := unix.Kill(k.PID(), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, "command", command)
	if _, err := p.Wait(within(t)); !errors.Is(err, ErrKeeperDied) {
		t.Errorf("Wait: %v", err)
	}
	if left, err := k.Leftovers(); err != nil || len(left) < familySize {
		t.Errorf("left are %v, %v", left, err)
	}
	if _, err := k.Launch(within(t), sh("true"), nil); !errors.Is(err, ErrKeeperDied) {
		t.Errorf("Launch: %v", err)
	}
	if err := k.End(within(t), 0); err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		awaitEnd(t, "a sleep", fd)
	}
	if left, err := k.Leftovers(); err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	if err := bystander.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("capmon's own child was ended too: %v", err)
	}
	if left, err := other.Leftovers(); err != nil || len(left) != 1 {
		t.Errorf("the other keeper's are %v, %v", left, err)
	}
}

func TestKeeperSurvivesSignalsToTheGroup(t *testing.T) {
	testenv.NeedRoot(t, "changing users and capabilities")
	// In a process group of its own, with a mini capmon that survives too.
	cmd := role(t, "launchone", "/bin/bash", "-c", `
		trap '' HUP INT QUIT TERM USR1 USR2 ALRM ABRT PIPE VTALRM PROF
		for s in HUP INT QUIT TERM USR1 USR2 ALRM ABRT PIPE VTALRM PROF; do kill -$s $KEEPER; done
		exit 4`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Args[3] = strings.ReplaceAll(cmd.Args[3], "$KEEPER", "$PPID")
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 4 {
		t.Errorf("the command ended with %v, want exit status 4", err)
	}
}
