package launch

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/internal/testenv"
)

// roleEnv makes the test binary act as something else than tests.
const roleEnv = "CAPMON_TEST_ROLE"

// patient is how long anything may take before a test gives up. It is not a
// pause: everything is waited for by its own event.
const patient = 20 * time.Second

func TestMain(m *testing.M) {
	KeeperMain()
	if role := os.Getenv(roleEnv); role != "" {
		os.Exit(roles[role]())
	}
	// So that what the tests leave is found.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if left := endLeftovers(); left != "" {
		fmt.Fprintln(os.Stderr, "FAIL: the tests left processes behind:", left)
		code = 1
	}
	os.Exit(code)
}

// roles are what the test binary can be.
var roles = map[string]func() int{
	"capmon":    miniCapmon,
	"launchone": launchOne,
	"hop":       hop,
	"host":      hostOfKeeper,
	"attacker":  attacker,
	"sandbox":   func() int { return inOneSandbox("true") },
	"oddmounts": sandboxOfOddMounts,
}

// endLeftovers kills what the tests have left and names it.
func endLeftovers() string {
	var names []string
	for {
		running := 0
		err := walk(os.Getpid(), func(p proc) {
			if p.dead {
				unix.Wait4(p.pid, nil, unix.WNOHANG|unix.WALL, nil)
				return
			}
			running++
			names = append(names, fmt.Sprintf("%s (%d)", p.comm, p.pid))
			p.kill(unix.SIGKILL)
		})
		if err != nil || running == 0 {
			return strings.Join(names, ", ")
		}
	}
}

func newKeeper(t testing.TB) *Keeper {
	t.Helper()
	testenv.NeedRoot(t, "changing users and capabilities")
	k, err := StartKeeper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Errorf("close keeper: %v", err)
		}
	})
	return k
}

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patient)
	t.Cleanup(cancel)
	return ctx
}

// withPatience is within where there is no test.
func withPatience() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), patient)
}

// sh is a Spec that runs script by /bin/sh.
func sh(script string) Spec {
	return Spec{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: os.Environ()}
}

func nobody() *account.Identity {
	return &account.Identity{Name: "nobody", GroupName: "nogroup", UID: 65534, GID: 65534}
}

func grant(members ...caps.Cap) *caps.Set {
	s := caps.NewSet(members...)
	return &s
}

// output runs spec to its end, which must be status 0, and returns what it
// printed.
func output(t testing.TB, k *Keeper, spec Spec) string {
	t.Helper()
	out, exit := run(t, k, spec)
	if exit.Status != 0 {
		t.Fatalf("%v ended with %d and printed %q", spec.Args, exit.Code(), out)
	}
	return out
}

// run runs spec to its end and returns what it printed on both outputs.
func run(t testing.TB, k *Keeper, spec Spec) (string, Exit) {
	t.Helper()
	out := start(t, &spec)
	p, err := k.Launch(within(t), spec, nil)
	spec.Stdout.Close()
	if err != nil {
		t.Fatal(err)
	}
	exit, err := p.Wait(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return out(), exit
}

// start gives spec a pipe for its outputs. The function returned reads it to
// the end, which comes when nobody writes any more.
func start(t testing.TB, spec *Spec) func() string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	spec.Stdout, spec.Stderr = w, w
	t.Cleanup(func() { r.Close(); w.Close() })
	return func() string {
		r.SetReadDeadline(time.Now().Add(patient))
		out, err := io.ReadAll(r)
		if err != nil {
			t.Fatalf("read output: %v (so far %q)", err, out)
		}
		return string(out)
	}
}

// launch starts spec and waits until it has printed a line.
func launch(t testing.TB, k *Keeper, spec Spec) (p *Process, line string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	spec.Stdout = w
	p, err = k.Launch(within(t), spec, nil)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return p, readLine(t, r)
}

func readLine(t testing.TB, r *os.File) string {
	t.Helper()
	r.SetReadDeadline(time.Now().Add(patient))
	var line []byte
	for b := make([]byte, 1); ; {
		if _, err := r.Read(b); err != nil {
			t.Fatalf("read line: %v (so far %q)", err, line)
		}
		if b[0] == '\n' {
			return string(line)
		}
		line = append(line, b[0])
	}
}

// field is one line of a process's status, such as "CapEff".
func field(t testing.TB, status, name string) string {
	t.Helper()
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	t.Fatalf("no %s in %q", name, status)
	return ""
}

// watch opens a pidfd while the process is known to be the right one.
func watch(t testing.TB, pid int) (fd int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatalf("watch process %d: %v", pid, err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// awaitEnd waits until the process of a pidfd has ended, and kills it when
// that takes too long.
func awaitEnd(t testing.TB, name string, fd int) {
	t.Helper()
	if !endsWithin(fd, patient) {
		unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
		t.Errorf("%s has not ended", name)
	}
}

func endsWithin(fd int, limit time.Duration) bool {
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for deadline := time.Now().Add(limit); ; {
		n, err := unix.Poll(poll, int(max(0, time.Until(deadline).Milliseconds())))
		if err != unix.EINTR {
			return n == 1
		}
	}
}

// awaitLeft waits until n processes called comm run under k.
func awaitLeft(t testing.TB, k *Keeper, comm string, n int) []Left {
	t.Helper()
	for deadline := time.Now().Add(patient); time.Now().Before(deadline); {
		left, err := k.Leftovers()
		if err != nil {
			t.Fatal(err)
		}
		var named []Left
		for _, l := range left {
			if l.Comm == comm {
				named = append(named, l)
			}
		}
		if len(named) >= n {
			return named
		}
	}
	t.Fatalf("%d processes %s did not appear", n, comm)
	return nil
}

// role is the test binary as something else, to be started by os/exec.
func role(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), roleEnv+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// miniCapmon is capmon as far as this package is concerned: it runs the
// script that is its first argument, prints the pids of all processes once as
// many as the second argument says are called "sleep", and waits.
func miniCapmon() int {
	k, err := StartKeeper()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer k.Close()
	want, err := strconv.Atoi(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	p, err := k.Launch(context.Background(), sh(os.Args[1]), nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for {
		left, err := k.Leftovers()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		var pids []string
		for _, l := range left {
			if l.Comm == "sleep" {
				pids = append(pids, itoa(l.PID))
			}
		}
		if len(pids) >= want {
			fmt.Println(k.PID(), p.PID, strings.Join(pids, " "))
			break
		}
	}
	p.Wait(context.Background())
	return 0
}

// launchOne launches its arguments with its own standard files, and exits as
// the command does.
func launchOne() int {
	k, err := StartKeeper()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 125
	}
	defer k.Close()
	p, err := k.Launch(context.Background(), Spec{
		Path: os.Args[1], Args: os.Args[1:], Env: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 125
	}
	exit, err := p.Wait(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 125
	}
	return exit.Code()
}

// attacker starts the keeper that is its argument, and asks it for what an
// ordinary user must not get.
func attacker() int {
	k, err := startKeeper(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer k.Close()
	spec := Spec{Path: "/bin/cat", Args: []string{"cat", "/proc/self/status"}, Stdout: os.Stdout, Stderr: os.Stderr}
	p, err := k.Launch(context.Background(), spec, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if _, err := p.Wait(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	spec.Identity = &account.Identity{}
	_, err = k.Launch(context.Background(), spec, nil)
	fmt.Printf("root: %v\ngrantable: %x\n", err, uint64(k.Grantable()))
	return 0
}

// hop starts itself again in a new session and ends, for ever.
func hop() int {
	self, err := os.Executable()
	if err != nil {
		return 1
	}
	_, err = os.StartProcess(self, []string{"hop"}, &os.ProcAttr{
		Env: os.Environ(),
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 1
	}
	return 0
}

// descendants lists what walk visits.
func descendants(root int) ([]proc, error) {
	var found []proc
	err := walk(root, func(p proc) { found = append(found, p) })
	return found, err
}
