package attempt

import (
	"context"
	"fmt"
)

// cleanup undoes what an attempt did. It is run also when the discovery has been
// interrupted.
func (r *Runner) cleanup() {
	err := r.runHook(context.Background(), cleanupHook, r.config.Cleanup)
	if err != nil {
		r.config.Warn(err)
	}
	r.disinherit()
}

// bequeath lets the cleanup be run also if capmon dies from now on.
func (r *Runner) bequeath() error {
	if r.config.Cleanup == "" || r.sealed {
		return nil
	}
	spec := hookSpec(r.config.Cleanup)
	if undo := r.config.Undo; undo != nil {
		spec = hookSpec(r.config.Cleanup + "\n" + undo.Args[len(undo.Args)-1])
	}
	if err := r.keeper.Bequeath(&spec, r.config.HookTimeout); err != nil {
		return fmt.Errorf("prepare cleanup: %w", err)
	}
	return nil
}

// disinherit says that there is nothing to clean up any more.
func (r *Runner) disinherit() {
	if r.config.Cleanup == "" || r.sealed {
		return
	}
	if err := r.keeper.Bequeath(r.config.Undo, r.config.HookTimeout); err != nil {
		r.config.Warn(fmt.Errorf("after cleanup: %w", err))
	}
}
