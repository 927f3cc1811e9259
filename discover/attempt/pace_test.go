package attempt

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestReadyLimit(t *testing.T) {
	for _, test := range []struct {
		given time.Duration
		took  []time.Duration
		want  time.Duration
	}{
		{0, nil, 30 * time.Second},
		{0, []time.Duration{300 * time.Millisecond}, 5 * time.Second},
		{0, []time.Duration{300 * time.Millisecond, 2 * time.Second, time.Second}, 20 * time.Second},
		{0, []time.Duration{10 * time.Second}, 30 * time.Second},
		{time.Minute, []time.Duration{300 * time.Millisecond}, time.Minute},
	} {
		var p pace
		for _, took := range test.took {
			p.ready(took)
		}
		if got := p.limit(test.given); got != test.want {
			t.Errorf("given %v, after %v: %v, want %v", test.given, test.took, got, test.want)
		}
	}
}

// TestReadyLimitIsSaid: who sees an attempt fail sooner than by the limit in
// the manual is told why.
func TestReadyLimitIsSaid(t *testing.T) {
	r := Runner{pace: new(pace)}
	r.pace.ready(312 * time.Millisecond)
	a := r.notReady(r.pace.limit(0), &HookError{Outcome: "exit 4"})
	if want := "not ready after 5s, others were after 310ms (readiness command: exit 4)"; a.Outcome != want {
		t.Errorf("outcome %q, want %q", a.Outcome, want)
	}
}

// What is expected is found as grep(1) would.
func TestMatcher(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	for _, test := range []struct {
		want, printed string
		found         bool
	}{
		{"^done$", "done\n", true},
		{"^done$", "done", true},
		{"^done$", "begun\ndone\n", true},
		{"^done$", "begun\ndone\nended\n", true},
		{"^done$", "not done\n", false},
		{"^done$", "done \n", false},
		{"a.b", "a\nb\n", false},
		{`a\sb`, "a\nb\n", false},
		{"^$", "", false},
		{"^$", "\n", true},
		{"^$", "a\n", false},
		{"", "", false},
		{"", "a", true},
		{"x$", long + "\n", true},
		{"y", long + "y\n", false}, // longer than what is kept of a line
		{"^done$", long + "y\ndone\n", true},
	} {
		for _, step := range []int{1, 7, 1 << 20} {
			m := matcher{want: regexp.MustCompile(test.want)}
			for rest := test.printed; rest != ""; {
				n := min(step, len(rest))
				if wrote, err := m.Write([]byte(rest[:n])); wrote != n || err != nil {
					t.Fatalf("wrote %d of %d: %v", wrote, n, err)
				}
				rest = rest[n:]
			}
			if got := m.matched(); got != test.found {
				t.Errorf("%q in %.20q, by %d: %v, want %v", test.want, test.printed, step, got, test.found)
			}
		}
	}
}
