package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/internal/testenv"
)

// runAsCapmon makes the test binary be capmon.
const runAsCapmon = "CAPMON_TEST_RUN"

// capmonCommand is capmon in a process of its own, with an own state.
func capmonCommand(t *testing.T, args ...string) (*exec.Cmd, *bytes.Buffer, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	// A process of the command that holds the output open hangs no test.
	cmd.WaitDelay = 10 * time.Second
	cmd.Env = append(os.Environ(), runAsCapmon+"=1", "XDG_STATE_HOME="+t.TempDir())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("stdout:\n%s\nstderr:\n%s", out.String(), errs.String())
		}
	})
	return cmd, &out, &errs
}

// fifo is a named pipe whose other end a command opens: what it writes can be
// awaited, and its end tells that the command and all that inherited it died.
type fifo struct {
	path string
	file *os.File
}

func newFifo(t *testing.T) fifo {
	t.Helper()
	dir, err := os.MkdirTemp("", "capmon-fifo-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	f := fifo{path: filepath.Join(dir, "fifo")}
	// For every user.
	err = errors.Join(os.Chmod(dir, 0o755), unix.Mkfifo(f.path, 0), os.Chmod(f.path, 0o666))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// await opens the pipe and reads the line with which the command says that it
// runs.
func (f *fifo) await(t *testing.T, want string) {
	t.Helper()
	line := make([]byte, len(want))
	bounded(t, "the command does not come to run", func() (err error) {
		if f.file, err = os.Open(f.path); err != nil {
			return err
		}
		_, err = io.ReadFull(f.file, line)
		return err
	})
	t.Cleanup(func() { f.file.Close() })
	if string(line) != want {
		t.Fatalf("read %q, want %q", line, want)
	}
}

// bounded fails the test with text if what blocks does not return.
func bounded(t *testing.T, text string, blocks func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- blocks() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal(text)
	}
}

// awaitEnd waits until no process has the pipe open for writing any more.
func (f *fifo) awaitEnd(t *testing.T) {
	t.Helper()
	bounded(t, "a process of the command still runs", func() error {
		_, err := io.Copy(io.Discard, f.file)
		return err
	})
}

func signalled(t *testing.T, cmd *exec.Cmd, s syscall.Signal) int {
	t.Helper()
	if err := cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	return exitCode(cmd.Wait())
}

// hanging writes to the pipe that it runs, leaves processes that hold it open,
// and hangs.
func hanging(f fifo) string {
	return "exec 3>" + f.path + "; setsid sh -c 'sleep 1000 & sleep 1000' & echo runs >&3; sleep 1000"
}

func TestDiscoverInterrupted(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	for _, s := range []syscall.Signal{unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGHUP} {
		t.Run(unix.SignalName(s), func(t *testing.T) { discoverInterrupted(t, s) })
	}
}

func discoverInterrupted(t *testing.T, s syscall.Signal) {
	f := newFifo(t)
	log := filepath.Join(t.TempDir(), "log")
	cmd, out, errs := capmonCommand(t, "discover", "--setup", "echo setup >>"+log, "--cleanup", "echo cleanup >>"+log,
		"chroot / true || { "+hanging(f)+"; }")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.await(t, "runs\n")
	if got := signalled(t, cmd, s); got != exit.Signalled+int(s) {
		t.Errorf("status %d", got)
	}
	f.awaitEnd(t)
	if text, err := os.ReadFile(log); err != nil || string(text) != "setup\ncleanup\n" {
		t.Errorf("hooks ran as %q, %v", text, err)
	}
	if !strings.Contains(out.String(), "Interrupted before a set was found") {
		t.Errorf("printed %q", out)
	}
	comm, err := os.ReadFile("/proc/self/comm")
	testenv.Must(t, err)
	by := fmt.Sprintf("ended by %s from %s (process %d)\n", unix.SignalName(s), strings.TrimSpace(string(comm)), os.Getpid())
	if !strings.Contains(errs.String(), by) {
		t.Errorf("said %q, which lacks %q", errs, by)
	}
	if strings.Contains(errs.String(), "panic") {
		t.Error("panicked")
	}
}

func TestDiscoverKilled(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	f := newFifo(t)
	cmd, _, _ := capmonCommand(t, "discover", hanging(f))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.await(t, "runs\n")
	signalled(t, cmd, unix.SIGKILL)
	f.awaitEnd(t)
}

func TestTraceTerminated(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	for _, s := range []syscall.Signal{unix.SIGTERM, unix.SIGHUP} {
		t.Run(unix.SignalName(s), func(t *testing.T) { traceTerminated(t, s) })
	}
}

func traceTerminated(t *testing.T, s syscall.Signal) {
	f := newFifo(t)
	cmd, out, _ := capmonCommand(t, "--user", "nobody", "chroot / true; "+hanging(f))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.await(t, "runs\n")
	if got := signalled(t, cmd, s); got != exit.Signalled+int(s) {
		t.Errorf("status %d", got)
	}
	f.awaitEnd(t)
	if !strings.Contains(out.String(), "[chroot]\n- [FAIL] CAP_SYS_CHROOT\n") {
		t.Errorf("reported %q", out)
	}
}

// Whatever capmon is killed in, nothing that it started is left, and --cleanup
// is run once, when the rest has ended.
func TestDiscoverKilledWithHooks(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	testenv.NeedProgram(t, "fuser", "psmisc")
	for _, during := range []string{"setup", "command", "check", "cleanup"} {
		t.Run(during, func(t *testing.T) {
			f, cleaned := newFifo(t), newFifo(t)
			// A hook, or the command, that holds the pipe open and hangs until it
			// is ended.
			parts := map[string]string{"setup": "true", "command": "true", "check": "true",
				"cleanup": "exec 4>" + cleaned.path + "; echo cleaned >&4"}
			if during == "command" {
				// What besides this test has the pipe open has outlived the rest.
				// (What hooks left in the background is there for the cleanup.)
				parts["cleanup"] = "if [ $(fuser " + f.path + " 2>/dev/null | wc -w) -gt 1 ]; then exec 4>" + cleaned.path + "; echo early >&4; fi; " + parts["cleanup"]
			}
			if during == "cleanup" {
				// It is let finish.
				parts["cleanup"] = "exec 3>" + f.path + "; echo runs >&3; exec 4>" + cleaned.path + "; echo cleaned >&4"
			} else {
				parts[during] = hanging(f)
			}
			cmd, _, _ := capmonCommand(t, "discover", "--setup", parts["setup"], "--check", parts["check"],
				"--cleanup", parts["cleanup"], parts["command"])
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			f.await(t, "runs\n")
			testenv.Must(t, cmd.Process.Kill())
			// What cleans up has capmon's standard error open until then.
			cleaned.await(t, "cleaned\n")
			f.awaitEnd(t)
			cleaned.awaitEnd(t)
			_ = cmd.Wait()
		})
	}
}

// A command that stops its keeper, once or as fast as it can, hangs nothing.
func TestDiscoverOfWhatStopsItsKeeper(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	for _, test := range []struct {
		command string
		want    int
	}{
		{"kill -STOP $PPID; true", 0},
		{"kill -STOP $PPID $(cut -d' ' -f4 /proc/$PPID/stat); true", 0},
		{"while :; do kill -STOP $PPID; done", exit.NotFound},
	} {
		cmd, _, _ := capmonCommand(t, "discover", "--user", "0", "--backend", "none", "--timeout", "500ms", "--max-runs", "3", test.command)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		bounded(t, test.command+" hangs capmon", func() error { cmd.Wait(); return nil })
		if got := cmd.ProcessState.ExitCode(); got != test.want {
			t.Errorf("%s: status %d, want %d", test.command, got, test.want)
		}
	}
}
