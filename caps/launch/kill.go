package launch

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// errNoProcess is what signalling and reading /proc give for a process that
// has gone.
const errNoProcess = unix.ESRCH

const (
	// pollEnd is how often a round of signals is repeated at most.
	pollEnd = 20 * time.Millisecond
	// patience is how long processes may survive SIGKILL: one in an
	// uninterruptible system call dies only when that returns.
	patience = 10 * time.Second
)

// ender ends a tree of processes.
type ender struct {
	// walk visits what is left. It is over when nothing is alive, unless done
	// is more exact.
	walk func(visit func(proc)) error
	// done is closed when the last one has been waited for; nil if nobody
	// can tell, and walk decides.
	done <-chan struct{}
}

// run asks with SIGTERM, and after grace insists with SIGKILL, until no
// process is left.
func (e *ender) run(ctx context.Context, grace time.Duration) error {
	if grace > 0 {
		ended, err := e.phase(ctx, unix.SIGTERM, grace)
		if ended || err != nil {
			return err
		}
	}
	result := make(chan error)
	go func() {
		// The thread ends with the goroutine, and its priority with it.
		runtime.LockOSThread()
		raisePriority()
		ended, err := e.phase(ctx, unix.SIGKILL, patience)
		if !ended && err == nil {
			err = e.survivors()
		}
		result <- err
	}()
	return <-result
}

// raisePriority lets the calling thread run before the processes that it is
// to end: a thousand of them that fork would leave it no time to kill faster
// than they multiply. Without the right to do so it goes without.
func raisePriority() {
	_ = unix.SchedSetAttr(0, &unix.SchedAttr{
		Size:     unix.SizeofSchedAttr,
		Policy:   unix.SCHED_RR,
		Priority: 1,
		Flags:    unix.SCHED_FLAG_RESET_ON_FORK,
	}, 0)
}

// phase sends sig to all processes and waits until none is left, none can be
// signalled, or the time is over. SIGKILL goes to those that appear meanwhile
// too, SIGTERM does not: they may be what the command cleans up with.
func (e *ender) phase(ctx context.Context, sig unix.Signal, limit time.Duration) (ended bool, err error) {
	over := time.NewTimer(limit)
	defer over.Stop()
	again := time.NewTimer(0)
	defer again.Stop()
	seen := make(map[proc]error)
	// Without a pause as long as there are new processes, since a tree that
	// keeps forking is outrun only by a loop that is faster.
	first := true
	alone := false // nothing was found in the round before
	for pause := time.Duration(0); ; pause = min(pollEnd, pause+pause/2+50*time.Microsecond) {
		r := round{sig: sig, seen: seen, silent: sig == unix.SIGTERM && !first}
		first = false
		if err := e.walk(r.visit); err != nil {
			return false, err
		}
		if e.done == nil && r.running == 0 {
			// A list of children may miss one while its siblings come and
			// go (proc(5), "children").
			if alone {
				return true, nil
			}
			alone = true
			continue
		}
		alone = false
		if r.fresh {
			pause = 0
		} else if r.running > 0 && r.refused == r.running {
			return false, r.refusal
		}
		again.Reset(pause)
		select {
		case <-e.done:
			return true, nil
		case <-over.C:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		case <-again.C:
		}
	}
}

// round is one walk of a phase.
type round struct {
	sig unix.Signal
	// silent: no signal is sent in this round.
	silent bool
	// seen is the result of signalling the processes of earlier rounds.
	seen map[proc]error
	// running processes were found; refused of them may not be signalled,
	// as refusal says of the last.
	running, refused int
	refusal          error
	// fresh: some were signalled for the first time.
	fresh bool
}

// visit sends the signal to p.
func (r *round) visit(p proc) {
	if p.dead {
		return
	}
	r.running++
	id := p.identity()
	err, again := r.seen[id]
	if !r.silent {
		err = p.end(r.sig)
		r.seen[id] = err
		r.fresh = r.fresh || !again
	}
	if err != nil && !gone(err) {
		r.refused++
		r.refusal = fmt.Errorf("end process %d (%s): %w", p.pid, p.comm, err)
	}
}

// survivors is the error that names what SIGKILL did not end.
func (e *ender) survivors() error {
	const most = 5
	var names []string
	err := e.walk(func(p proc) {
		if !p.dead {
			names = append(names, fmt.Sprintf("%s (%d)", p.comm, p.pid))
		}
	})
	if err != nil {
		return err
	}
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", more))
	}
	return errors.New("end processes: still there after SIGKILL: " + strings.Join(names, ", "))
}

// identity is p without what changes in a process's life.
func (p proc) identity() proc { return proc{pid: p.pid, started: p.started} }

// end sends a signal that is to end p. A stopped process does not notice
// SIGTERM until it is continued.
func (p proc) end(sig unix.Signal) error {
	err := p.kill(sig)
	if err == nil && sig == unix.SIGTERM {
		err = p.kill(unix.SIGCONT)
	}
	return err
}

// kill sends a signal to p and never to a process that has got its pid since:
// it opens a pidfd first, and then looks at p again.
func (p proc) kill(sig unix.Signal) error {
	fd, err := unix.PidfdOpen(p.pid, 0)
	if errors.Is(err, unix.ENOSYS) {
		return unix.Kill(p.pid, sig) // Linux before 5.3
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	now, err := readProc(p.pid)
	if err != nil {
		return err
	}
	if now.started != p.started {
		return errNoProcess
	}
	return unix.PidfdSendSignal(fd, sig, nil, 0)
}
