package main

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/capmon/capmon/internal/testenv"
)

// onNarrowTerminal returns what capmon shows on a terminal of 60 columns.
func onNarrowTerminal(t *testing.T, args ...string) string {
	t.Helper()
	cmd, _, _ := capmonCommand(t, args...)
	cmd.Stdout, cmd.Stderr = nil, nil
	cmd.Env = append(cmd.Environ(), "TERM=xterm")
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 60})
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	// Reading ends with EIO when the last process has left the terminal.
	shown, _ := io.ReadAll(master)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, shown)
	}
	return string(shown)
}

var escape = regexp.MustCompile(`\x1b\[[0-9;]*[mK]`)

const needsThree = `cat /etc/shadow >/dev/null && chroot / true && chown root /tmp`

// Nothing is wider than the terminal, and the answer is the last on it.
func TestNarrowTerminal(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	for _, args := range [][]string{
		{"discover", "--user", "nobody", needsThree},
		{"--user", "root", "--tree", "sh -c 'sh -c \"sleep 0; exec cat /proc/self/status; true\" | tail -n 0; chroot / true'"},
		{"doctor"},
	} {
		shown := escape.ReplaceAllString(onNarrowTerminal(t, args...), "")
		for line := range strings.Lines(shown) {
			if n := len([]rune(strings.TrimRight(line, "\r\n"))); n > 60 {
				t.Errorf("%s: %d columns: %s", args[0], n, line)
			}
		}
		if args[0] == "discover" && !strings.HasSuffix(strings.Join(strings.Fields(shown), " "),
			"needs CAP_CHOWN, CAP_DAC_READ_SEARCH, CAP_SYS_CHROOT (proven: 7 attempts, Linux "+release(t)+", as nobody)") {
			t.Errorf("the answer is not the last:\n%s", shown)
		}
	}
}

// A long attempt shows how long it takes, and what the command said last.
func TestLongAttempt(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	tm := onTerminal(t, "discover", "echo working; read line")
	tm.await("\rattempt 1   nothing granted  ")
	tm.await(" s in all  | working\x1b[K")
	tm.send("\r")
	tm.await("\r\x1b[Kattempt 1   nothing granted          ")
	tm.ended(0)
}

func release(t *testing.T) string {
	t.Helper()
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`^\d+\.\d+`).FindString(string(release))
}
