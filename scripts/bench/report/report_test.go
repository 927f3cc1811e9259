package report

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capmon/capmon/scripts/bench/measure"
	"github.com/capmon/capmon/scripts/bench/sample"
	"github.com/capmon/capmon/scripts/bench/watch"
)

// results are such that a followed check adds twice what bpftrace's adds.
func results() Results {
	s := sample.Set{}
	scale := measure.Scale{Name: "checks", Unit: "check", Sizes: []int{10, 1000}}
	for _, bare := range []float64{100, 110, 120} {
		s.Add(measure.Check, watch.Bare, bare)
		s.Add(measure.Check, watch.Count, bare+300)
		s.Add(measure.Check, watch.Followed, bare+600)
		for _, n := range scale.Sizes {
			s.Add(scale.Measure(n), watch.Bare, bare)
			s.Add(scale.Measure(n), watch.Followed, bare+float64(n))
		}
	}
	return Results{Rounds: 3, Samples: s, Scales: []measure.Scale{scale}, Watchers: []string{watch.Bare, watch.Followed, watch.Count}}
}

func TestGoals(t *testing.T) {
	for _, g := range results().Goals() {
		if !strings.Contains(g.Text, "followed check adds, compared with what bpftrace's count adds") {
			continue
		}
		if g.Stat().Median != 2 || g.Met() {
			t.Errorf("twice what was measured is %v, reached: %t", g.Stat(), g.Met())
		}
		return
	}
	t.Error("no such goal")
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	if err := results().Write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| a followed check adds, compared with what bpftrace's count adds | 1.5 | 2 | **no** |",
		"| capmon '<cmd>' | 710 (700 to 720) |",
		"(performance-checks.svg)",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	checkXML(t, filepath.Join(dir, "performance-checks.svg"))
}

func checkXML(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for tokens := xml.NewDecoder(f); ; {
		if _, err := tokens.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("the plot is no SVG: %v", err)
		}
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.167: "0.17", 1.234: "1.23", 99.4: "99.4", 123.4: "123", 1234567: "1,234,567", -1500: "-1,500"} {
		if got := number(v); got != want {
			t.Errorf("number(%v) = %q, want %q", v, got, want)
		}
	}
}
