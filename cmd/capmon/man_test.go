package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/capmon/capmon/cmd/capmon/command"
	"github.com/capmon/capmon/cmd/capmon/help"
	"github.com/capmon/capmon/internal/testenv"
)

const manDir = "../../docs/man"

// The pages that are committed are those that capmon prints.
func TestManPagesAreCommitted(t *testing.T) {
	made := map[string]bool{}
	capmon := testCapmon()
	for _, c := range withPage(capmon) {
		path := filepath.Join(manDir, c.Page()+".1")
		made[path] = true
		committed, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%v: run make docs", err)
			continue
		}
		if diff := cmp.Diff(string(committed), help.Page(capmon, c)); diff != "" {
			t.Errorf("%s is not what capmon prints: run make docs\n%s", path, diff)
		}
	}
	found, err := filepath.Glob(manDir + "/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		if !made[path] {
			t.Errorf("%s is no page of capmon: remove it", path)
		}
	}
}

// noDate is what mandoc has against every page that a build can repeat.
var noDate = regexp.MustCompile(`WARNING: missing date, using "": TH\n`)

func TestManPagesAreSound(t *testing.T) {
	testenv.NeedProgram(t, "mandoc", "mandoc")
	testenv.NeedProgram(t, "man", "man-db")
	capmon := testCapmon()
	for _, c := range withPage(capmon) {
		path := filepath.Join(t.TempDir(), c.Page()+".1")
		if err := os.WriteFile(path, []byte(help.Page(capmon, c)), 0o644); err != nil {
			t.Fatal(err)
		}
		out, _ := exec.Command("mandoc", "-T", "lint", "-W", "warning", path).CombinedOutput()
		for line := range strings.Lines(string(out)) {
			if !noDate.MatchString(line) {
				t.Errorf("mandoc: %s", line)
			}
		}
		man := exec.Command("man", "--warnings=all", "-l", path)
		man.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MANWIDTH=80", "MANPAGER=cat", "PAGER=cat")
		var warnings strings.Builder
		man.Stderr = &warnings
		text, err := man.Output()
		if err != nil || warnings.Len() > 0 {
			t.Errorf("man: %v: %s", err, &warnings)
		}
		checkManText(t, c, string(text))
	}
}

// checkManText wants in the page that man(1) shows what was put in, as people
// type it.
func checkManText(t *testing.T, c *command.Command, text string) {
	t.Helper()
	want := []string{c.Page() + " - ", "SYNOPSIS", "DESCRIPTION", "SEE ALSO", "capabilities(7)"}
	for _, o := range c.AllOptions() {
		want = append(want, o.Form())
	}
	for _, form := range c.Forms() {
		want = append(want, form.Term)
	}
	for _, e := range c.Examples {
		want = append(want, strings.Split(e.Text, "\n")...)
	}
	for _, i := range slices.Concat(c.Exits, c.Files, c.Environment) {
		want = append(want, i.Term)
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s(1) does not show %q", c.Page(), w)
		}
	}
	// And every word of the descriptions, in their order.
	shown := strings.Join(strings.Fields(text), " ")
	for _, d := range c.Paragraphs() {
		if !strings.Contains(shown, d) {
			t.Errorf("%s(1) does not say %q", c.Page(), d)
		}
	}
}

// withPage are the commands that have a manual page.
func withPage(capmon *command.Command) []*command.Command {
	return slices.DeleteFunc(capmon.All(), func(c *command.Command) bool { return !c.HasPage() })
}

// Help fits a terminal, and has all options with their values.
func TestHelpFits(t *testing.T) {
	for _, c := range testCapmon().All() {
		text := help.Text(c)
		for line := range strings.Lines(text) {
			if utf8.RuneCountInString(line) > 80 {
				t.Errorf("%s --help has a line of more than 79 characters: %s", c.Name, line)
			}
		}
		for _, o := range c.AllOptions() {
			if !strings.Contains(text, o.Form()) {
				t.Errorf("%s --help does not have %q", c.Name, o.Form())
			}
		}
	}
}

func testCapmon() *command.Command { return newCapmon(streams{os.Stdin, os.Stdout, os.Stderr}) }
