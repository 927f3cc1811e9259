package trace

import (
	"time"

	"golang.org/x/sys/unix"
)

// Image is a process between two execs.
type Image struct {
	Process
	// Parent is the index of the image it came from, by fork or by exec, in
	// Trace.Images; -1 for the command itself.
	Parent int
	// Executed: it began with an exec, not with a fork.
	Executed bool
	// Start and End are since the attempt began; End is 0 while it runs.
	Start, End time.Duration
	// Replaced: it ended by executing something else.
	Replaced bool
	// Status is how it ended, if it was not replaced.
	Status unix.WaitStatus
	// Mode is the file mode of Exe when it was executed.
	Mode uint32
}

// Failed says whether it ended with a status other than 0 or by a signal.
func (i Image) Failed() bool { return i.End != 0 && !i.Replaced && i.Status != 0 }

// Runs says whether it had not ended.
func (i Image) Runs() bool { return i.End == 0 }

// Trace is all that was seen of a command up to now.
type Trace struct {
	// Checks are in the order in which they were first made.
	Checks []Check
	// Images are in the order in which they began.
	Images []Image
	// Lost counts records that could not be kept.
	Lost uint64
	// Folded: there were so many checks that those of processes of the same
	// name are counted as one, the latest.
	Folded bool
}
