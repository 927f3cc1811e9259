package attempt

import (
	"context"
	"errors"
	"time"

	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/controller"
)

// readyPoll is the time between two tries of --ready.
const readyPoll = 100 * time.Millisecond

// awaitReady tries --ready until it succeeds, the command has ended in
// failure, or the time is over. A command that ended well may have left a
// daemon behind, so it is tried on as long as any process of it runs.
func (r *Runner) awaitReady(ctx context.Context, process *launch.Process) (controller.Attempt, bool, error) {
	limit, cancel := context.WithTimeout(ctx, r.config.ReadyTimeout)
	defer cancel()
	began := time.Now()
	exited := make(chan launch.Exit, 1)
	go func() {
		if exit, err := process.Wait(limit); err == nil {
			exited <- exit
		}
	}()
	for {
		ready, err := r.isReady(limit)
		switch {
		case ready:
			return controller.Attempt{Success: true, Outcome: "ready", Duration: time.Since(began)}, false, nil
		case ctx.Err() != nil:
			return controller.Attempt{}, false, ctx.Err()
		case limit.Err() != nil:
			return timedOut(r.config.ReadyTimeout, "not ready"), false, nil
		case err != nil:
			return controller.Attempt{}, false, err
		}
		select {
		case exit := <-exited:
			if attempt := r.ended(exit); !attempt.Success || exit.Alone {
				attempt.Success = false
				attempt.Outcome += " before it was ready"
				return attempt, exit.Alone, nil
			}
		case <-limit.Done():
		case <-time.After(readyPoll):
		}
	}
}

func (r *Runner) isReady(ctx context.Context) (bool, error) {
	err := r.runHook(ctx, "ready", r.config.Ready)
	var not *HookError
	if errors.As(err, &not) {
		return false, nil
	}
	return err == nil, err
}
