package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/capmon/capmon/internal/testenv"
)

// consoleBlock is a block of commands with what they print.
var consoleBlock = regexp.MustCompile("(?s)\n```console\n(.*?)\n```\n")

// consoleCommand is a command of a block, at root's prompt; a backslash at the
// end of a line continues it.
var consoleCommand = regexp.MustCompile(`(?m)^# ((?:.*\\\n)*.*)$`)

// What the documents show is what capmon prints: "..." stands for any lines, and
// what is not the same each time is masked.
func TestConsoleBlocks(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	for _, p := range []struct{ program, debianPackage string }{{"runc", "runc"}, {"mosquitto", "mosquitto"}, {"mosquitto_pub", "mosquitto-clients"}, {"ip", "iproute2"}} {
		testenv.NeedProgram(t, p.program, p.debianPackage)
	}
	dir := testenv.OpenToAll(t)
	bin := filepath.Join(dir, "bin")
	testenv.Must(t, os.Mkdir(bin, 0o755))
	self, err := os.Executable()
	testenv.Must(t, err)
	testenv.Must(t, os.Symlink(self, filepath.Join(bin, "capmon")))
	webBundle(t, filepath.Join(dir, "web"))
	blocks := 0
	documents, err := filepath.Glob("../../docs/*.md")
	testenv.Must(t, err)
	top, err := filepath.Glob("../../*.md")
	testenv.Must(t, err)
	for _, document := range append(top, documents...) {
		text, err := os.ReadFile(document)
		testenv.Must(t, err)
		for _, block := range consoleBlock.FindAllSubmatch(text, -1) {
			blocks++
			t.Run(fmt.Sprintf("%s %d", filepath.Base(document), blocks), func(t *testing.T) { runBlock(t, dir, bin, string(block[1])) })
		}
	}
	if blocks < 7 {
		t.Errorf("%d blocks", blocks)
	}
}

func runBlock(t *testing.T, dir, bin, block string) {
	commands := consoleCommand.FindAllStringSubmatchIndex(block, -1)
	if len(commands) == 0 || commands[0][0] != 0 {
		t.Fatalf("the block does not begin with a command:\n%s", block)
	}
	state := t.TempDir()
	for i, at := range commands {
		end := len(block)
		if i+1 < len(commands) {
			end = commands[i+1][0]
		}
		cmd := exec.Command("bash", "-c", block[at[2]:at[3]])
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), runAsCapmon+"=1", "PATH="+bin+":/usr/sbin:/usr/bin:/sbin:/bin", "XDG_STATE_HOME="+state, "LC_ALL=C")
		out, _ := cmd.CombinedOutput()
		want := masked(strings.Trim(block[at[1]:end], "\n") + "\n")
		pattern := strings.ReplaceAll(regexp.QuoteMeta(want), `\.\.\.`+"\n", "(?:.*\n)*")
		if !regexp.MustCompile(`\A` + pattern + `\z`).MatchString(masked(strings.Trim(string(out), "\n") + "\n")) {
			t.Errorf("%s\nprints\n%s\nand not\n%s", block[at[2]:at[3]], out, want)
		}
	}
}

// variable is what is not the same each time: numbers, and the columns of a
// monitor's line whose widths depend on them.
var variable = regexp.MustCompile(`Linux \d+\.\d+|\d+ attempts|all \d+ capabilities|not needed: \d+|\(attempt \d+\)|watching by \w+|` +
	`\d\d:\d\d:\d\d\.\d+ \S+ +\d+ +\d+ `)

var value = regexp.MustCompile(`[\d.:]+|by \w+`)

func masked(text string) string {
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		return strings.Join(strings.Fields(value.ReplaceAllString(found, "N")), " ")
	})
}

// webBundle makes an OCI bundle of busybox that listens on port 80.
func webBundle(t *testing.T, dir string) {
	t.Helper()
	script, err := filepath.Abs("testdata/mkbundle.sh")
	testenv.Must(t, err)
	cmd := exec.Command("sh", script, "root", "0")
	cmd.Dir = filepath.Dir(dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make a bundle: %v\n%s", err, out)
	}
	testenv.Must(t, os.Rename(filepath.Join(cmd.Dir, "root"), dir))
}
