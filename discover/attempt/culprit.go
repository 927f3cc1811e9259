package attempt

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace"
)

// blame finds the process in which the failure of an attempt began, and marks
// the checks that it made in the end: after the last process that it had
// started was gone. Those of a process that failed beside it count as well. Nothing
// is marked where the command did not fail by itself, for example when it was
// ended for taking too long; but of a daemon that failed in one scenario, all
// that was checked in that.
func blame(a *controller.Attempt, images []trace.Image) {
	if a.Success || len(images) == 0 {
		return
	}
	for i, c := range a.Checks {
		a.Checks[i].AtEnd = c.Scenario != "" && c.Scenario == a.Scenario
	}
	f := family{images: images, refused: lastRefusals(a.Checks)}
	command := f.last(0)
	if !images[command].Failed() || exitStatus(images[command].Status) != a.Exit {
		return
	}
	culprit, since := f.culprit(command)
	process := images[culprit].Process
	a.Failed = &process
	for i, c := range a.Checks {
		a.Checks[i].AtEnd = c.AtEnd || c.Image == culprit && c.First >= since || f.beside(c.Image, culprit)
	}
}

// exitStatus is the status as a shell gives it.
func exitStatus(status unix.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

// family are the processes of an attempt.
type family struct {
	images []trace.Image
	// refused is when each was last refused something with effect.
	refused map[int]time.Duration
}

// lastRefusals returns by image when it first met its last decisive refusal.
func lastRefusals(checks []trace.Check) map[int]time.Duration {
	last := map[int]time.Duration{}
	for _, c := range checks {
		if c.Decisive() && c.InitialNS {
			last[c.Image] = max(last[c.Image], c.First)
		}
	}
	return last
}

// culprit goes down from a process that failed to the one that made it fail:
// as a rule the last that it waited for, if that failed too and it was refused
// nothing itself afterwards. It returns the image, and since when it had no
// other process to wait for.
func (f family) culprit(at int) (int, time.Duration) {
	for {
		child := f.lastChild(at)
		if child < 0 {
			return at, 0
		}
		end := f.images[child].End
		if !f.images[child].Failed() || f.refused[at] > end {
			return at, end
		}
		at = child
	}
}

// beside says whether an image failed while the culprit ran, and is neither
// above nor below it: in a pipeline the one may well be why the other failed.
func (f family) beside(at, culprit int) bool {
	if at < 0 || !f.images[at].Failed() || f.images[at].PID == f.images[culprit].PID {
		return false
	}
	end := f.images[at].End
	return end >= f.images[f.first(culprit)].Start && end <= f.images[culprit].End &&
		!f.from(at, culprit) && !f.from(culprit, at)
}

// first returns the image with which a process began.
func (f family) first(at int) int {
	for p := f.images[at].Parent; p >= 0 && f.images[p].PID == f.images[at].PID; p = f.images[p].Parent {
		at = p
	}
	return at
}

// from says whether an image came from a process.
func (f family) from(at, process int) bool {
	for ; at >= 0; at = f.images[at].Parent {
		if f.images[at].PID == f.images[process].PID {
			return true
		}
	}
	return false
}

// lastChild returns the last image of the child process that ended last while
// the parent ran; -1 if there is none.
func (f family) lastChild(parent int) int {
	last := -1
	for i, image := range f.images {
		if image.Parent != parent || image.PID == f.images[parent].PID {
			continue
		}
		child := f.last(i)
		end := f.images[child].End
		if end == 0 || end > f.images[parent].End {
			continue
		}
		if last < 0 || end > f.images[last].End {
			last = child
		}
	}
	return last
}

// last returns what the process of an image executed in the end.
func (f family) last(at int) int {
	for {
		next := at
		for i := at + 1; i < len(f.images); i++ {
			if f.images[i].Parent == at && f.images[i].PID == f.images[at].PID {
				next = i
			}
		}
		if next == at {
			return at
		}
		at = next
	}
}
