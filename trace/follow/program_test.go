package follow

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

const nobody = 65534

// patience is how long a helper program may take, in a VM without KVM and on
// a busy machine.
const patience = 2 * time.Minute

// program is a command to be traced.
type program struct {
	args []string
	dir  string
	env  []string
	// files are its descriptors from 3 on.
	files []*os.File
	// root: it runs as root, not as nobody.
	root bool
	// exe is what is executed, if not args[0].
	exe string
}

// role is a program that the test binary is itself.
func role(t *testing.T, name string, args ...string) program {
	t.Helper()
	return program{
		args: append([]string{world.binary(t)}, args...),
		env:  []string{roleEnv + "=" + name},
	}
}

func shell(script string) program {
	return program{args: []string{"/bin/sh", "-c", script}}
}

func perl(script string, args ...string) program {
	return program{args: append([]string{"/usr/bin/perl", "-e", script}, args...)}
}

// running is a program that was launched.
type running struct {
	t         *testing.T
	pid       int
	recording *Recording
	output    *os.File
}

// launch starts the program from a thread that is armed for it, as capmon
// does, and returns the error of fork and exec.
func (p program) launch(t *testing.T, tracer *Tracer) (*running, error) {
	t.Helper()
	output, err := os.CreateTemp("", "capmon-trace-output")
	testenv.Must(t, err)
	testenv.Must(t, os.Remove(output.Name()))
	t.Cleanup(func() { output.Close() })
	null, err := os.Open(os.DevNull)
	testenv.Must(t, err)
	defer null.Close()

	attr := &syscall.ProcAttr{
		Dir:   p.dir,
		Env:   append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}, p.env...),
		Files: []uintptr{null.Fd(), output.Fd(), output.Fd()},
		Sys:   &syscall.SysProcAttr{},
	}
	for _, f := range p.files {
		attr.Files = append(attr.Files, f.Fd())
	}
	if !p.root {
		attr.Sys = credential()
	}
	if p.exe == "" {
		p.exe = p.args[0]
	}

	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r := &running{t: t, output: output}
	r.recording, err = tracer.Arm(unix.Gettid())
	testenv.Must(t, err)
	pid, launchErr := syscall.ForkExec(p.exe, p.args, attr)
	testenv.Must(t, r.recording.Disarm())
	runtime.KeepAlive(p.files)
	r.pid = pid
	return r, launchErr
}

// credential makes a process nobody's.
func credential() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

func (p program) start(t *testing.T, tracer *Tracer) *running {
	t.Helper()
	r, err := p.launch(t, tracer)
	if err != nil {
		t.Fatalf("start %v: %v", p.args, err)
	}
	return r
}

// wait waits for the command itself, and ends it if that takes too long.
func (r *running) wait() unix.WaitStatus {
	r.t.Helper()
	timer := time.AfterFunc(patience, func() { _ = unix.Kill(r.pid, unix.SIGKILL) })
	defer timer.Stop()
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(r.pid, &status, 0, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		testenv.Must(r.t, err)
		return status
	}
}

func (r *running) collect() trace.Trace {
	r.t.Helper()
	seen, err := r.recording.Collect()
	testenv.Must(r.t, err)
	return seen
}

func (r *running) printed() string {
	r.t.Helper()
	b := make([]byte, 1<<16)
	n, _ := r.output.ReadAt(b, 0)
	return string(b[:n])
}

// run launches the program, waits for it, expects it to exit with 0 and
// nothing to be lost, and returns what was seen.
func (p program) run(t *testing.T, tracer *Tracer) trace.Trace {
	t.Helper()
	r := p.start(t, tracer)
	status := r.wait()
	seen := r.collect()
	if !status.Exited() || status.ExitStatus() != 0 {
		t.Fatalf("%v: wait status %#x: %s", p.args, int(status), r.printed())
	}
	if seen.Lost != 0 {
		t.Errorf("%v: %d records lost", p.args, seen.Lost)
	}
	return seen
}

// killFollowed ends what a test left of the processes that it had traced.
func killFollowed(t *testing.T, tracer *Tracer) {
	t.Helper()
	for _, pid := range followedPIDs(t, tracer) {
		t.Errorf("process %d was left behind", pid)
		_ = unix.Kill(pid, unix.SIGKILL)
		awaitEnd(t, pid)
		_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
	}
}

func followedPIDs(t *testing.T, tracer *Tracer) []int {
	t.Helper()
	var pids []int
	var pid uint32
	var raw []byte
	entries := tracer.maps.Followed.Iterate()
	for entries.Next(&pid, &raw) {
		pids = append(pids, int(pid))
	}
	testenv.Must(t, entries.Err())
	return pids
}

// awaitEnd returns when no such process runs any more. It may still be a
// zombie, for which all has been recorded.
func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return
	}
	testenv.Must(t, err)
	defer unix.Close(fd)
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, int(patience.Milliseconds()))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		testenv.Must(t, err)
		if n == 0 {
			t.Fatalf("process %d does not end", pid)
		}
		return
	}
}
