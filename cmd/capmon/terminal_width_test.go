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
func onNarrowTerminal(t *testing.T, term string, args ...string) string {
	t.Helper()
	cmd, _, _ := capmonCommand(t, args...)
	cmd.Stdout, cmd.Stderr = nil, nil
	cmd.Env = append(cmd.Environ(), "TERM="+term)
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
		shown := escape.ReplaceAllString(onNarrowTerminal(t, "xterm", args...), "")
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

// A dumb terminal gets no control sequence; another shows how long an attempt
// takes, and what the command said last.
func TestLongAttempt(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	const slow = "echo working; sleep 2.2"
	shown := onNarrowTerminal(t, "xterm", "discover", "--user", "nobody", slow)
	for _, want := range []string{"\rattempt 1   nothing granted  1 s, 1 s in all  | working", "\x1b[K"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q is missing in %q", want, shown)
		}
	}
	if shown := onNarrowTerminal(t, "dumb", "discover", "--user", "nobody", slow); strings.ContainsAny(shown, "\x1b") || strings.Contains(shown, "\rattempt") {
		t.Errorf("on a dumb terminal: %q", shown)
	}
}

func release(t *testing.T) string {
	t.Helper()
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`^\d+\.\d+`).FindString(string(release))
}
