package testenv

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A test that cannot run here fails in CI: Cannot sees to that, and nothing else
// skips.
func TestOnlyCannotSkips(t *testing.T) {
	skips := regexp.MustCompile(`\.(Skip|Skipf|SkipNow)\(`)
	scripted := regexp.MustCompile(`(?m)^(\[[^\]\n]*\] )*(skip|stop)( |$)`)
	places := 0
	err := filepath.WalkDir("../..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var found *regexp.Regexp
		switch filepath.Ext(path) {
		case ".go":
			found = skips
		case ".txtar":
			found = scripted
		default:
			return nil
		}
		text, err := os.ReadFile(path)
		for _, at := range found.FindAllIndex(text, -1) {
			places++
			if !strings.HasSuffix(path, "internal/testenv/testenv.go") {
				t.Errorf("%s:%d skips by itself: call testenv.Cannot", path, 1+strings.Count(string(text[:at[0]]), "\n"))
			}
		}
		return err
	})
	Must(t, err)
	if places == 0 {
		t.Error("Cannot does not skip")
	}
}

// TestCannot looks at both: what is skipped elsewhere fails in CI.
func TestCannot(t *testing.T) {
	for ci, want := range map[string]string{"true": "failed", "": "skipped"} {
		t.Setenv("CI", ci)
		r := &recorder{TB: t}
		Cannot(r, "reason")
		if r.got != want {
			t.Errorf("with CI=%q: %s, want %s", ci, r.got, want)
		}
	}
}

// recorder is a test that goes on.
type recorder struct {
	testing.TB
	got string
}

func (r *recorder) Fatal(...any) { r.note("failed") }
func (r *recorder) Skip(...any)  { r.note("skipped") }

func (r *recorder) note(what string) {
	if r.got == "" {
		r.got = what
	}
}
