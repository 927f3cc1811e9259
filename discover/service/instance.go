package service

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/unit"
)

// killGrace is how long a process may take to end after SIGTERM, when it is
// not the service's own end that is tried.
const killGrace = 2 * time.Second

// ownRun is a service that runs, or has run, under a grant.
type ownRun struct {
	*Service
	world World
	grant caps.Set
	// environ is that of the commands.
	environ []string
	notify  *listener

	main *launch.Process
	// running ends when the service is over, for an *overError.
	running context.Context
	forget  context.CancelCauseFunc

	mu sync.Mutex
	// mainPID is the main process's id as the service knows it; 0 if unknown.
	mainPID int
	// ready is closed by READY=1, and made anew to wait for the next.
	ready chan struct{}
	// status is the last STATUS=.
	status string
}

// begin is Begin for a service that capmon runs by itself.
func (s *Service) begin(world World, grant caps.Set) (*ownRun, error) {
	i := &ownRun{Service: s, world: world, grant: grant, ready: make(chan struct{})}
	i.running, i.forget = context.WithCancelCause(context.Background())
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return nil, fmt.Errorf("make invocation id: %w", err)
	}
	i.environ = set(slices.Clone(s.environ), "INVOCATION_ID="+hex.EncodeToString(id))
	if s.unit.NotifyAccess != "none" {
		var err error
		if i.notify, err = listenFor(world.Root); err != nil {
			return nil, err
		}
		i.environ = set(i.environ, "NOTIFY_SOCKET="+i.notify.name)
		go i.hear()
	}
	if s.unit.PIDFile != "" {
		i.environ = set(i.environ, "PIDFILE="+s.unit.PIDFile)
	}
	return i, nil
}

// hear notes what the service says of itself.
func (i *ownRun) hear() {
	for m := range i.notify.messages {
		inner := innerPID(m.pid)
		i.mu.Lock()
		if i.unit.NotifyAccess == "all" || i.unit.NotifyAccess == "exec" || inner == i.mainPID || i.mainPID == 0 {
			i.take(m.fields)
		}
		i.mu.Unlock()
	}
}

func (i *ownRun) take(fields map[string]string) {
	if text, ok := fields["STATUS"]; ok {
		i.status = text
	}
	if pid, ok := fields["MAINPID"]; ok {
		var n int
		if _, err := fmt.Sscan(pid, &n); err == nil {
			i.mainPID = n
		}
	}
	if fields["READY"] == "1" && !isClosed(i.ready) {
		close(i.ready)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// MainPID is the main process's id, as MAINPID has it.
func (i *ownRun) MainPID() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.mainPID
}

// overError is how a service ended by itself.
type overError struct {
	exit  launch.Exit
	alone bool
}

func (e *overError) Error() string { return describeExit(e.exit) }

// Over is how the service has ended by itself, nil while it runs.
func (i *ownRun) Over() *Failure {
	if over := i.over(); over != nil {
		return &Failure{Outcome: describeExit(over.exit), Exit: over.exit.Code()}
	}
	return nil
}

// Ended is closed when the service is over.
func (i *ownRun) Ended() <-chan struct{} { return i.running.Done() }

func (i *ownRun) over() *overError {
	var over *overError
	if errors.As(context.Cause(i.running), &over) {
		return over
	}
	return nil
}

// watch notes the end of the service: that of its main process, or for a
// forking one that no process is left.
func (i *ownRun) watch() {
	exit, err := i.main.Wait(i.running)
	if err != nil {
		return
	}
	if i.unit.Type == "forking" && exit.Status.Exited() && exit.Code() == 0 && !exit.Alone {
		if i.world.Keeper.WaitAll(i.running) != nil {
			return
		}
		exit.Alone = true
	}
	i.forget(&overError{exit, exit.Alone})
}

// End ends what is left of the service, and removes what belongs to a run of
// it alone.
func (i *ownRun) End(ctx context.Context) error {
	over := i.over()
	i.forget(nil)
	i.notify.close()
	var err error
	if over == nil || !over.alone {
		err = i.world.Keeper.End(context.WithoutCancel(ctx), killGrace)
	}
	if !i.unit.RuntimePreserve {
		for _, path := range i.paths(i.unit.Directories[unit.RuntimeKind]) {
			if failed := os.RemoveAll(i.world.Root + path); failed != nil {
				err = errors.Join(err, fmt.Errorf("remove runtime directory: %w", failed))
			}
		}
	}
	return err
}
