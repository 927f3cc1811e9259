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

// ptyTerminal is capmon on a pseudo-terminal, as a person has it.
type ptyTerminal struct {
	t      *testing.T
	master *os.File
	read   *bufio.Reader
	seen   strings.Builder
	wait   func() int
}

func onTerminal(t *testing.T, args ...string) *ptyTerminal {
	t.Helper()
	cmd, _, _ := capmonCommand(t, args...)
	cmd.Stdout, cmd.Stderr = nil, nil
	master, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	tm := &ptyTerminal{t: t, master: master, read: bufio.NewReader(master)}
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
func (tm *ptyTerminal) await(text string) {
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

func (tm *ptyTerminal) send(keys string) {
	tm.t.Helper()
	if _, err := io.WriteString(tm.master, keys); err != nil {
		tm.t.Fatal(err)
	}
}

func (tm *ptyTerminal) ended(want int) {
	tm.t.Helper()
	if got := tm.wait(); got != want {
		tm.t.Errorf("status %d, want %d", got, want)
	}
}

const ctrlC, ctrlZ = "\x03", "\x1a"

// Ctrl-C is the command's: capmon waits until the command has dealt with it, and reports.
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

// A shell inside capmon has job control. The command starts no process: one that
// is stopped between vfork and exec would keep its parent from stopping.
func TestJobControl(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	tm := onTerminal(t, "--", "bash", "--norc", "-i")
	tm.send(`perl -e '$| = 1; $SIG{CONT} = sub { print "resumed\n" }; print "is ", 20+3, "\n"; sleep 1000 while 1'` + "\r")
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
	tm.await(" needs no capability")
	tm.ended(0)
}

// inject types into the terminal from which capmon was called: TIOCSTI (0x5412)
// and TIOCLINUX (0x541C) of ioctl_tty(2). Both answer EPERM (1) where they are
// refused before the kernel looks at the terminal.
const inject = `perl -e 'open(T, "+</dev/tty") or die; $c = "x";
	for (0x5412, 0x541C) { exit 8 if ioctl(T, $_, $c) or $! != 1 } exit 9'`

// No command may type into the shell from which capmon was called.
func TestTerminalIsNotTypedInto(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	for _, args := range [][]string{
		nil, {"--user", "nobody"}, {"--user", "nobody", "--caps", "cap_chown"},
		{"--user", "0", "--caps", "cap_sys_admin"},
	} {
		onTerminal(t, append(args, inject)...).ended(9)
	}
	for _, user := range []string{"nobody", "0"} {
		tm := onTerminal(t, "discover", "--user", user, "--expect-exit", "9", inject)
		tm.await(" needs no capability")
		tm.ended(0)
	}
}

// A sandbox has no terminal: neither the command nor its hooks can open one, and
// standard input is none.
func TestSandboxHasNoTerminal(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	const none = "! (: </dev/tty) 2>/dev/null && ! test -t 0"
	tm := onTerminal(t, "discover", "--sandbox", "--setup", none, "--check", none, none)
	tm.await(" needs no capability")
	tm.ended(0)
}
