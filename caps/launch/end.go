package launch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Leftovers lists the processes of the command, itself included, that still
// run.
func (k *Keeper) Leftovers() ([]Left, error) {
	var left []Left
	err := k.walk(func(p proc) {
		if !p.dead {
			left = append(left, Left{PID: p.pid, Comm: p.comm})
		}
	})
	return left, err
}

// walk visits what came of the latest launch.
func (k *Keeper) walk(visit func(proc)) error {
	k.mu.Lock()
	current := k.current
	k.mu.Unlock()
	switch {
	case current == nil || isClosed(current.idle):
		return nil
	case k.isDead():
		return k.walkOrphans(visit)
	}
	return walk(k.PID(), visit)
}

// walkOrphans visits what the warden inherited from a keeper that was killed.
// What a hook runs is among it.
func (k *Keeper) walkOrphans(visit func(proc)) error {
	switch {
	case k.sealed:
		return nil // The kernel has killed them (pid_namespaces(7)).
	case k.warden == nil || k.warden.isDead():
		return ErrKeeperDied
	}
	return walk(k.warden.PID(), visit)
}

// End ends the command and everything that came of it: SIGTERM for all, also
// stopped ones, and after grace SIGKILL, which comes at once when grace is 0.
// It returns when no process is left. The error names what cannot be ended,
// or is ctx's.
func (k *Keeper) End(ctx context.Context, grace time.Duration) error {
	k.mu.Lock()
	current := k.current
	k.mu.Unlock()
	if current == nil || isClosed(current.idle) {
		return nil
	}
	if !k.isDead() {
		err := k.endKept(ctx, current, grace)
		if !errors.Is(err, ErrKeeperDied) {
			return err
		}
	}
	return (&ender{walk: k.walkOrphans}).run(ctx, grace)
}

// endKept ends the tree of a keeper that waits for its processes.
func (k *Keeper) endKept(ctx context.Context, current *Process, grace time.Duration) error {
	// A command may have stopped it.
	k.signal(unix.SIGCONT)
	alive, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-k.dead:
			cancel(ErrKeeperDied)
		case <-alive.Done():
		}
	}()
	e := ender{
		walk: func(visit func(proc)) error { return walk(k.PID(), visit) },
		done: current.idle,
	}
	if err := e.run(alive, grace); err != nil {
		if cause := context.Cause(alive); cause != nil {
			return cause
		}
		return err
	}
	return nil
}

// WaitAll waits until the command and everything that came of it has ended.
func (k *Keeper) WaitAll(ctx context.Context) error {
	k.mu.Lock()
	current := k.current
	k.mu.Unlock()
	if current == nil {
		return nil
	}
	select {
	case <-current.idle:
		return nil
	case <-k.dead:
		return ErrKeeperDied
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Release lets go of what the command left behind: the keeper exits and the
// processes live on, children of init or of the next subreaper. The command itself must have
// ended, for it would not survive its keeper.
func (k *Keeper) Release() error {
	k.mu.Lock()
	running := k.current != nil && !isClosed(k.current.exited) && !isClosed(k.current.idle)
	if !running {
		k.closed = true
	}
	k.mu.Unlock()
	if running {
		return errors.New("release processes: the command still runs")
	}
	if err := k.conn.send(message{Kind: releaseRequest}); err != nil {
		return fmt.Errorf("release processes: %w", k.explain(err))
	}
	if err := k.awaitDead(goodbye); err != nil {
		return err
	}
	if k.warden != nil {
		return k.warden.Release()
	}
	return nil
}

// Close ends everything at once, the keeper too. After Release it does
// nothing.
func (k *Keeper) Close() error {
	k.mu.Lock()
	again := k.closed
	k.closed = true
	k.mu.Unlock()
	if again {
		return nil
	}
	err := k.End(context.Background(), 0)
	if k.warden == nil {
		// As a warden it has hooks and what they left to end.
		return errors.Join(err, k.hangUp(hookGrace+patience+goodbye))
	}
	return errors.Join(err, k.hangUp(goodbye), k.hooks.close())
}

// hangUp tells the keeper to go, and insists after the limit.
func (k *Keeper) hangUp(limit time.Duration) error {
	// It may have hung up itself.
	_ = k.conn.shutdown()
	return k.awaitDead(limit)
}

// awaitDead waits until the keeper has gone, and kills it after the limit.
func (k *Keeper) awaitDead(limit time.Duration) error {
	defer k.conn.close()
	select {
	case <-k.dead:
		return nil
	case <-time.After(limit):
	}
	k.signal(unix.SIGKILL)
	select {
	case <-k.dead:
		return nil
	case <-time.After(patience):
		return errors.New("end capmon's helper process: still there after SIGKILL")
	}
}

// Signal sends a signal to the processes of the latest launch that match, by
// their ids as capmon knows them.
func (k *Keeper) Signal(sig unix.Signal, match func(pid int) bool) error {
	var errs []error
	err := k.walk(func(p proc) {
		if p.dead || !match(p.pid) {
			return
		}
		if err := p.kill(sig); err != nil && !gone(err) {
			errs = append(errs, fmt.Errorf("signal process %d (%s): %w", p.pid, p.comm, err))
		}
	})
	return errors.Join(append(errs, err)...)
}
