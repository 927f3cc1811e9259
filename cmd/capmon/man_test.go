package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/capmon/capmon/internal/testenv"
)

const manDir = "../../docs/man"

// The pages that are committed are those that capmon prints.
func TestManPagesAreCommitted(t *testing.T) {
	made := map[string]bool{}
	for _, p := range pages(testApp()) {
		path := filepath.Join(manDir, p.file()+".1")
		made[path] = true
		committed, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%v: run make docs", err)
			continue
		}
		if diff := cmp.Diff(string(committed), p.roff()); diff != "" {
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
	for _, p := range pages(testApp()) {
		path := filepath.Join(t.TempDir(), p.file()+".1")
		if err := os.WriteFile(path, []byte(p.roff()), 0o644); err != nil {
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
		checkManText(t, p, string(text))
	}
}

// checkManText wants in the page that man(1) shows what was put in, as people
// type it.
func checkManText(t *testing.T, p page, text string) {
	t.Helper()
	want := []string{p.file() + " - ", "SYNOPSIS", "DESCRIPTION", "SEE ALSO", "capabilities(7)"}
	for _, o := range p.options {
		want = append(want, o.forms())
	}
	for _, form := range p.usage {
		want = append(want, form.term)
	}
	for _, e := range p.examples {
		want = append(want, strings.Split(e.text, "\n")...)
	}
	for _, i := range append(append(p.exits, p.files...), p.environment...) {
		want = append(want, i.term)
	}
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%s(1) does not show %q", p.file(), w)
		}
	}
	// And every word of the descriptions, in their order.
	shown := strings.Join(strings.Fields(text), " ")
	for _, d := range p.description {
		if !strings.Contains(shown, d) {
			t.Errorf("%s(1) does not say %q", p.file(), d)
		}
	}
}

// Help fits a terminal, and has all options with their values.
func TestHelpFits(t *testing.T) {
	app := testApp()
	all := []page{appPage(app)}
	for _, c := range app.Commands {
		all = append(all, commandPage(app, c))
	}
	for _, p := range all {
		help := p.help()
		for line := range strings.Lines(help) {
			if utf8.RuneCountInString(line) > helpWidth+1 {
				t.Errorf("%s --help has a line of more than %d characters: %s", p.name, helpWidth, line)
			}
		}
		for _, o := range p.options {
			if !strings.Contains(help, o.forms()) {
				t.Errorf("%s --help does not have %q", p.name, o.forms())
			}
		}
	}
}

func TestRoffEscapes(t *testing.T) {
	p := page{
		name: "capmon x", summary: "it's",
		usage:       []item{{term: "capmon x [options] '<cmd>'"}},
		description: []string{`.a \040 b`, "see env(1), --no-fold, -- and N", `a - b 'c' ~ ^ x-y`},
		options:     []option{{names: []string{"-o", "--out"}, value: "N", text: "Ns"}},
	}
	got := p.roff()
	for _, want := range []string{
		"capmon\\-x \\- it\\(aqs\n",
		"\\fBcapmon x\\fR [\\fIoptions\\fR] \\(aq\\fI<cmd>\\fR\\(aq\n",
		"\\&.a \\e040 b\n",
		"see \\fBenv\\fR(1), \\fB\\-\\-no\\-fold\\fR, \\fB\\-\\-\\fR and \\fIN\\fR\n",
		"a - b \\(aqc\\(aq \\(ti \\(ha x-y\n",
		".TP\n\\fB\\-o\\fR, \\fB\\-\\-out\\fR \\fIN\\fR\n\\fIN\\fRs\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
