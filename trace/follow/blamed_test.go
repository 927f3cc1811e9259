package follow

import (
	"slices"
	"testing"

	"github.com/capmon/capmon/trace"
)

// Which images failed of themselves: capmon's fork, what it executed, and its
// children, each given by its parent.
func TestBlamed(t *testing.T) {
	image := func(pid, parent int, status int) trace.Image {
		return trace.Image{Process: trace.Process{PID: pid}, Parent: parent, End: 1, Status: waitStatus(status)}
	}
	replaced := trace.Image{Process: trace.Process{PID: 1}, Parent: -1, End: 1, Replaced: true}
	runs := trace.Image{Process: trace.Process{PID: 3}, Parent: 1}
	for _, c := range []struct {
		name   string
		images []trace.Image
		want   []bool
	}{
		{"nothing failed", []trace.Image{replaced, image(1, 0, 0)}, []bool{false, false}},
		{"the command failed", []trace.Image{replaced, image(1, 0, 2)}, []bool{false, true}},
		{"its child failed, and it with it", []trace.Image{replaced, image(1, 0, 1), image(2, 1, 1)}, []bool{false, false, true}},
		{"its child succeeded", []trace.Image{replaced, image(1, 0, 1), image(2, 1, 0)}, []bool{false, true, false}},
		{"a child's child failed alone", []trace.Image{replaced, image(1, 0, 1), image(2, 1, 0), image(3, 2, 1)}, []bool{false, false, false, true}},
		{"a child still runs", []trace.Image{replaced, image(1, 0, 1), runs}, []bool{false, true, false}},
		{"two children failed", []trace.Image{replaced, image(1, 0, 0), image(2, 1, 9), image(3, 1, 1)}, []bool{false, false, true, true}},
	} {
		if got := blamed(c.images); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
