package attempt

import (
	"fmt"

	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/follow"
)

// collect adds what the tracer saw; only, if not nil, leaves of it what is the
// workload's own.
func (r *Runner) collect(recording *follow.Recording, attempt *controller.Attempt, only func(trace.Trace) trace.Trace) error {
	if err := recording.Disarm(); err != nil {
		return err
	}
	seen, err := recording.Collect()
	if err != nil {
		return err
	}
	if seen.Folded && r.pace.firstFolded() {
		r.config.Warn(fmt.Errorf("an attempt made more than %d different checks: those of processes of the same name are counted with the latest of them", follow.MostRecords))
	}
	if only != nil {
		seen = only(seen)
	}
	attempt.Checks = seen.Checks
	attempt.Lost = seen.Lost
	root := &r.root
	if r.config.Container != nil || r.config.Image != nil {
		root = nil // gone with the container
	}
	attempt.Elevated = elevated(seen.Images, root)
	blame(attempt, seen.Images)
	return nil
}
