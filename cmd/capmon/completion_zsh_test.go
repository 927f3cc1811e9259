package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/capmon/capmon/internal/testenv"
)

// zshHarness writes what is offered for the line to a file, where the Tab key
// would show it.
const zshHarness = `
offers=()
compadd() {
	if [[ ${@[1,(i)(-|--)]} == *-[A-Za-z]#[OAD]* ]]; then
		builtin compadd "$@"
		return
	fi
	local -a hits head
	zparseopts -E p:=head
	builtin compadd -A hits "$@"
	offers+=($IPREFIX$head[2]${^hits})
	builtin compadd "$@"
}
_offer() {
	offers=()
	_main_complete
	compstate[insert]= compstate[list]=
	print -rl -- $offers >offers
	print -n offered >/dev/tty
}
setopt extendedglob
zle -C offer list-choices _offer
bindkey '^I' offer
bindkey '^U' kill-whole-line
`

func TestZshCompletion(t *testing.T) {
	testenv.NeedProgram(t, "zsh", "zsh")
	var zsh *ptyTerminal
	whole := t
	testCompletions(t, func(t *testing.T, dir, line string) []string {
		// One zsh for all lines: it takes its time to start.
		if zsh == nil {
			zsh = startZsh(whole, dir, "autoload -Uz compinit && compinit -D -u\nsource ./capmon.zsh")
		}
		zsh.t = t
		return zshOffers(t, zsh, dir, line)
	})
}

// Installed, the script is a function that zsh loads at the first Tab.
func TestZshCompletionAutoloaded(t *testing.T) {
	testenv.NeedProgram(t, "zsh", "zsh")
	dir := completionDir(t)
	if err := os.Rename(filepath.Join(dir, "capmon.zsh"), filepath.Join(dir, "_capmon")); err != nil {
		t.Fatal(err)
	}
	zsh := startZsh(t, dir, "fpath=($PWD $fpath)\nautoload -Uz compinit && compinit -D -u")
	for range 2 {
		if got := zshOffers(t, zsh, dir, "capmon discover --us"); !slices.Contains(got, "--user") {
			t.Errorf("offered %q", clipped(got))
		}
	}
}

func zshOffers(t *testing.T, zsh *ptyTerminal, dir, line string) []string {
	t.Helper()
	zsh.send("\x15" + line + "\t")
	zsh.await("offered")
	data, err := os.ReadFile(filepath.Join(dir, "offers"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(data), "\n")
}

func startZsh(t *testing.T, dir, setup string) *ptyTerminal {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "harness"), []byte(setup+zshHarness), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("zsh", "-f", "-i")
	cmd.Dir, cmd.Env = dir, shellEnv(dir)
	master, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 200})
	if err != nil {
		t.Fatal(err)
	}
	zsh := watched(t, master, cmd)
	zsh.send("source ./harness; echo is $((40+2))\r")
	zsh.await("is 42")
	return zsh
}
