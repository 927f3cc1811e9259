package main

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/capmon/capmon/internal/testenv"
)

const bashCompletionFile = "/usr/share/bash-completion/bash_completion"

// bashHarness completes the words that it is given as bash would call for it.
const bashHarness = `
compopt() { :; } # there is no readline to tell
source ./capmon.bash || exit
COMP_LINE=$1; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_POINT=${#COMP_LINE}
COMP_TYPE=9 COMP_KEY=9
_capmon capmon "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"
`

func TestBashCompletion(t *testing.T) {
	testenv.NeedProgram(t, "bash", "bash")
	testenv.NeedFile(t, bashCompletionFile, "bash-completion")
	testCompletions(t, func(t *testing.T, dir, line string) []string {
		return bashComplete(t, dir, "source "+bashCompletionFile, line)
	})
}

// Without bash-completion the command still gets its name and files.
func TestBashCompletionAlone(t *testing.T) {
	testenv.NeedProgram(t, "bash", "bash")
	dir := completionDir(t)
	for line, want := range map[string]string{
		"capmon discover chroo":             "chroot",
		"capmon discover -- ls some":        "some-file",
		"capmon --user nobody:nog":          "nobody:nogroup",
		"capmon discover --cle":             "--cleanup",
		"capmon -o x -- ls some":            "some-file",
		"capmon monitor -c cap_bpf,cap_per": "cap_bpf,cap_perfmon",
	} {
		got := bashComplete(t, dir, "", line)
		if len(got) == 0 || got[0] != want {
			t.Errorf("%s: %q, want %q", line, clipped(got), want)
		}
	}
}

func bashComplete(t *testing.T, dir, setup, line string) []string {
	t.Helper()
	words, split := bashWords(line)
	args := append([]string{"--norc", "-c", setup + "\nshopt -s extglob\n" + bashHarness, "bash", line}, words...)
	cmd := exec.Command("bash", args...)
	cmd.Dir, cmd.Env = dir, shellEnv(dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("bash: %v\n%s", err, out)
	}
	var got []string
	for word := range strings.Lines(string(out)) {
		got = append(got, split+strings.TrimSuffix(word, "\n"))
	}
	return got
}

// bashWords splits a line as bash does, at blanks and around "=" and ":". What
// bash has split off the last word is not for a completion to repeat.
func bashWords(line string) (words []string, split string) {
	for _, whole := range strings.Split(line, " ") {
		words = append(words, strings.Fields(strings.NewReplacer("=", " = ", ":", " : ").Replace(whole))...)
		split = whole[:strings.LastIndexAny(whole, "=:")+1]
	}
	if strings.HasSuffix(line, " ") {
		words = append(words, "")
	}
	return words, split
}

// readline puts the words in, and takes those apart that have "=" and ":".
func TestBashCompletionTyped(t *testing.T) {
	testenv.NeedProgram(t, "bash", "bash")
	dir := completionDir(t)
	cmd := exec.Command("bash", "--norc", "-i")
	cmd.Dir, cmd.Env = dir, append(shellEnv(dir), "PS1=ready> ")
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 200})
	if err != nil {
		t.Fatal(err)
	}
	tm := watched(t, master, cmd)
	tm.send("source ./capmon.bash; capmon() { echo \"got:$*:\"; }\r")
	tm.await("ready> ")
	for keys, want := range map[string]string{
		"capmon discover --user nob\t--cle\t": "got:discover --user nobody --cleanup:",
		"capmon --user=nob\tls":               "got:--user=nobody ls:",
		"capmon --user=nobody:nog\tls":        "got:--user=nobody:nogroup ls:",
		"capmon --user nobody:nog\tls":        "got:--user nobody:nogroup ls:",
		"capmon --caps cap_net_a\t,cap_bp\t":  "got:--caps cap_net_admin,cap_bpf:",
		"capmon -o some\tls":                  "got:-o some-file ls:",
	} {
		tm.send(keys + "\r")
		tm.await(want)
	}
}

// watched is a program on a terminal that is killed if it hangs.
func watched(t *testing.T, master *os.File, cmd *exec.Cmd) *ptyTerminal {
	t.Helper()
	tm := &ptyTerminal{t: t, master: master, read: bufio.NewReader(master)}
	hangs := time.AfterFunc(2*time.Minute, func() { cmd.Process.Kill() })
	t.Cleanup(func() {
		hangs.Stop()
		cmd.Process.Kill()
		master.Close()
		cmd.Wait()
		if t.Failed() {
			t.Logf("terminal:\n%s", tm.seen.String())
		}
	})
	return tm
}
