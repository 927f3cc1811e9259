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
	current, since := k.current, k.since
	k.mu.Unlock()
	switch {
	case current == nil || isClosed(current.idle):
		return nil
	case k.isDead():
		return walkOrphans(since, visit)
	}
	return walk(k.PID(), visit)
}

// End ends the command and everything that came of it: SIGTERM for all, also
// stopped ones, and after grace SIGKILL, which comes at once when grace is 0.
// It returns when no process is left. The error names what cannot be ended,
// or is ctx's.
func (k *Keeper) End(ctx context.Context, grace time.Duration) error {
	k.mu.Lock()
	current, since := k.current, k.since
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
	return endOrphans(ctx, since, grace)
}

// endKept ends the tree of a keeper that waits for its processes.
func (k *Keeper) endKept(ctx context.Context, current *Process, grace time.Duration) error {
	// A command may have stopped it.
	_ = k.process.Signal(unix.SIGCONT)
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

// endOrphans ends what a dead keeper left to capmon.
func endOrphans(ctx context.Context, since uint64, grace time.Duration) error {
	e := ender{walk: func(visit func(proc)) error {
		return walkOrphans(since, func(p proc) {
			visit(p)
			p.reap()
		})
	}}
	return e.run(ctx, grace)
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
// processes live on, capmon's children now. The command itself must have
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
	<-k.dead
	return k.conn.close()
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
	k.conn.close()
	select {
	case <-k.dead:
	case <-time.After(goodbye):
		k.process.Kill()
		<-k.dead
	}
	return err
}
