package main

import (
	"bufio"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/capmon/capmon/internal/testenv"
)

// terminal is capmon on a pseudo-terminal, as a person has it.
type terminal struct {
	t      *testing.T
	master *os.File
	read   *bufio.Reader
	seen   strings.Builder
	wait   func() int
}

func onTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	cmd, _, _ := capmonCommand(t, args...)
	cmd.Stdout, cmd.Stderr = nil, nil
	master, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	tm := &terminal{t: t, master: master, read: bufio.NewReader(master)}
	// What hangs is ended, and the test fails for want of what it awaits.
	hangs := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	tm.wait = func() int { return exitCode(cmd.Wait()) }
	t.Cleanup(func() {
		hangs.Stop()
		cmd.Process.Kill()
		master.Close()
		if t.Failed() {
			t.Logf("terminal:\n%s", tm.seen.String())
		}
	})
	return tm
}

// await reads until the terminal has shown text.
func (tm *terminal) await(text string) {
	tm.t.Helper()
	from := tm.seen.Len()
	for !strings.Contains(tm.seen.String()[from:], text) {
		b, err := tm.read.ReadByte()
		if err != nil {
			tm.t.Fatalf("terminal ended (%v) before %q", err, text)
		}
		tm.seen.WriteByte(b)
	}
}

func (tm *terminal) send(keys string) {
	tm.t.Helper()
	if _, err := io.WriteString(tm.master, keys); err != nil {
		tm.t.Fatal(err)
	}
}

func (tm *terminal) ended(want int) {
	tm.t.Helper()
	if got := tm.wait(); got != want {
		tm.t.Errorf("status %d, want %d", got, want)
	}
}

const ctrlC, ctrlZ = "\x03", "\x1a"

// Ctrl-C is the command's: capmon waits for what it makes of it, and reports.
func TestCtrlCIsTheCommands(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	tm := onTerminal(t, "cat")
	tm.send("hello\r")
	tm.await("hello\r\nhello")
	tm.send(ctrlC)
	tm.ended(130)

	tm = onTerminal(t, "trap 'echo caught; chroot / true; exit 4' INT; echo ready; while :; do read x; done")
	tm.await("ready")
	tm.send(ctrlC)
	tm.await("caught")
	tm.await("CAP_SYS_CHROOT")
	tm.ended(4)
}

// A pager takes the keyboard and gives it back.
func TestPager(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	tm := onTerminal(t, "seq 1000 | PAGER= more")
	tm.await("--More--")
	tm.send("q")
	tm.ended(0)
}

// A shell inside capmon has job control.
func TestJobControl(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	tm := onTerminal(t, "--", "bash", "--norc", "-i")
	tm.send("sh -c 'trap \"echo resumed\" CONT; echo is $((20+3)); while :; do sleep 0.1; done'\r")
	tm.await("is 23")
	tm.send(ctrlZ)
	tm.await("Stopped")
	tm.send("fg\r")
	tm.await("\nresumed")
	tm.send(ctrlC)
	tm.send("echo is $((40+2))\r")
	tm.await("is 42")
	tm.send("exit 5\r")
	tm.ended(5)
}

// In a discovery too the command can ask at the terminal.
func TestDiscoverOnTerminal(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	tm := onTerminal(t, "discover", "test -t 0 && echo 'name? ' >/dev/tty && read name && test $name = me")
	tm.await("name?")
	tm.send("me\r")
	tm.await("needs no capability")
	tm.ended(0)
}

// A command of another user must not type into the shell from which capmon was
// called: TIOCSTI of ioctl_tty(2), 0x5412.
func TestTerminalIsNotTypedInto(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	const inject = `perl -e 'open(T, "+</dev/tty") or die; $c = "x"; exit(ioctl(T, 0x5412, $c) ? 0 : 9)'`
	// As capmon's own user it may, where the kernel lets it.
	if onTerminal(t, inject).wait() != 0 {
		t.Log("the kernel forbids it by itself")
	}
	onTerminal(t, "--user", "nobody", inject).ended(9)
	onTerminal(t, "--user", "nobody", "--caps", "cap_chown", inject).ended(9)
	tm := onTerminal(t, "discover", "--user", "nobody", "--expect-exit", "9", inject)
	tm.await("needs no capability")
	tm.ended(0)
}
