package attempt

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace/follow"
)

// Sandboxed makes each attempt in a sandbox of its own, hooks included.
// Several may be made at the same time.
type Sandboxed struct {
	runner    *Runner
	sandboxes *launch.Sandboxes
	warnOnce  sync.Once
}

// NewSandboxed is NewRunner for attempts in sandboxes. A terminal as standard
// input is left outside.
func NewSandboxed(config Config, sandboxes *launch.Sandboxes, tracer *follow.Tracer) *Sandboxed {
	if isTerminal(config.Stdin) {
		config.Stdin = nil
	}
	return &Sandboxed{runner: NewRunner(config, nil, tracer), sandboxes: sandboxes}
}

// Attempt implements controller.Attempter.
func (s *Sandboxed) Attempt(ctx context.Context, request controller.Request) (controller.Attempt, error) {
	box, err := s.sandboxes.Start()
	if err != nil {
		return controller.Attempt{}, err
	}
	s.warnOnce.Do(func() {
		for _, r := range box.ReadOnly {
			s.runner.config.Warn(errors.New(r.String()))
		}
	})
	inside := *s.runner
	inside.keeper = box.Keeper()
	inside.helper = box.Helper
	inside.sealed = true
	inside.root = fmt.Sprintf("/proc/%d/root", box.Keeper().PID())
	attempt, err := inside.Attempt(ctx, request)
	for _, h := range box.Hindrances() {
		attempt.Hindrances = append(attempt.Hindrances, controller.Hindrance(h))
	}
	return attempt, errors.Join(err, box.Close())
}
