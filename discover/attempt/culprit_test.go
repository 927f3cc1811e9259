package attempt

import (
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace"
)

// image is one process between two execs; times are in no unit.
func image(pid, parent int, end time.Duration, replaced bool, status int) trace.Image {
	return trace.Image{
		Process: trace.Process{PID: pid}, Parent: parent, End: end, Replaced: replaced,
		Status: unix.WaitStatus(status << 8),
	}
}

func started(i trace.Image, at time.Duration) trace.Image {
	i.Start = at
	return i
}

func TestBlame(t *testing.T) {
	refused := func(image int, at time.Duration) trace.Check {
		return trace.Check{Image: image, First: at, Verdict: trace.Fail, InitialNS: true, Returned: true, Return: -int64(syscall.EPERM)}
	}
	for name, test := range map[string]struct {
		images []trace.Image
		checks []trace.Check
		exit   int
		failed int    // the pid, 0 for none
		atEnd  []bool // of each check
	}{
		"it was refused": {
			[]trace.Image{image(1, -1, 1, true, 0), image(1, 0, 9, false, 1)},
			[]trace.Check{refused(1, 5)}, 1, 1, []bool{true}},
		"a refusal before exec": {
			[]trace.Image{image(1, -1, 1, true, 0), image(1, 0, 4, true, 0), image(1, 1, 9, false, 1)},
			[]trace.Check{refused(1, 3)}, 1, 1, []bool{false}},
		"the last child failed": {
			[]trace.Image{image(1, -1, 9, false, 1), image(2, 0, 3, false, 1), started(image(3, 0, 5, true, 0), 4), image(3, 2, 8, false, 1)},
			[]trace.Check{refused(0, 1), refused(1, 2), refused(3, 6)}, 1, 3, []bool{false, false, true}},
		"the last child succeeded": {
			[]trace.Image{image(1, -1, 9, false, 1), image(2, 0, 3, false, 1), image(3, 0, 5, false, 0)},
			[]trace.Check{refused(0, 1), refused(1, 2)}, 1, 1, []bool{false, false}},
		"the child failed, and then something was refused": {
			[]trace.Image{image(1, -1, 9, false, 1), image(2, 0, 3, false, 1)},
			[]trace.Check{refused(1, 2), refused(0, 4)}, 1, 1, []bool{false, true}},
		"two in a pipeline": {
			[]trace.Image{image(1, -1, 9, false, 1), started(image(2, 0, 6, false, 1), 2), started(image(3, 0, 8, false, 1), 3)},
			[]trace.Check{refused(1, 4)}, 1, 3, []bool{true}},
		"one after the other": {
			[]trace.Image{image(1, -1, 9, false, 1), started(image(2, 0, 4, false, 1), 2), started(image(3, 0, 8, false, 1), 5)},
			[]trace.Check{refused(1, 3)}, 1, 3, []bool{false}},
		"it was ended": {
			[]trace.Image{image(1, -1, 9, false, 1)},
			[]trace.Check{refused(0, 4)}, 124, 0, []bool{false}},
		"only the check failed": {
			[]trace.Image{image(1, -1, 9, false, 0)},
			[]trace.Check{refused(0, 4)}, 0, 0, []bool{false}},
		"a child that outlives it": {
			[]trace.Image{image(1, -1, 9, false, 1), image(2, 0, 12, false, 1)},
			[]trace.Check{refused(0, 4), refused(1, 5)}, 1, 1, []bool{true, false}},
	} {
		a := controller.Attempt{Exit: test.exit, Checks: test.checks}
		blame(&a, test.images)
		pid := 0
		if a.Failed != nil {
			pid = a.Failed.PID
		}
		if pid != test.failed {
			t.Errorf("%s: process %d failed, want %d", name, pid, test.failed)
		}
		for i, c := range a.Checks {
			if c.AtEnd != test.atEnd[i] {
				t.Errorf("%s: check %d at the end: %v", name, i, c.AtEnd)
			}
		}
	}
}
