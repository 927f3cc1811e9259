package launch

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/sandbox"
)

// Sandboxes makes sandboxes that are all alike.
type Sandboxes struct {
	options   sandbox.Options
	inherited inherited
	guard     Guard // nil: none
}

// Guard keeps what runs in sandboxes from devices. Package guard has one.
type Guard interface {
	// Add begins to guard the sandbox whose first process is pid, and returns
	// its name.
	Add(pid int) (id uint32, err error)
	// Remove forgets a sandbox in which no process is left.
	Remove(id uint32) error
	// Hindrances is what has been in the way in a sandbox so far.
	Hindrances(id uint32) []sandbox.Hindrance
}

// GuardBy has the sandboxes that are started from now on guarded.
func (s *Sandboxes) GuardBy(g Guard) { s.guard = g }

// Sandbox is one sandbox with two keepers in it. Nothing that they started,
// or that was written there, outlives it.
type Sandbox struct {
	// ReadOnly is what can be written outside, and not inside.
	ReadOnly []sandbox.ReadOnly

	all     *Sandboxes
	keeper  *Keeper // the first process of the sandbox
	guarded uint32  // what the guard calls it

	mu     sync.Mutex
	helper *Keeper
}

// NewSandboxes notes what processes in the sandboxes are to inherit. Call it
// as early as StartKeeper.
func NewSandboxes(options sandbox.Options) (*Sandboxes, error) {
	inherited, err := readInherited()
	if err != nil {
		return nil, err
	}
	return &Sandboxes{options: options, inherited: inherited}, nil
}

// Start makes a sandbox. The error is a *SandboxError if the kernel does not
// let capmon make one.
func (s *Sandboxes) Start() (*Sandbox, error) {
	if !mayKeep.Load() {
		return nil, ErrNoKeeperMain
	}
	build, err := sandboxEnviron(s.options)
	if err != nil {
		return nil, err
	}
	k, hello, err := startChild(func(socket int) (int, error) {
		env := append(keeperEnviron(roleKeeper), s.inherited.environ(), build)
		// A session of its own has no terminal that could be typed into.
		attr := syscall.SysProcAttr{Cloneflags: s.options.Cloneflags(), Setsid: true}
		return spawnKeeper(ownExecutable, keeperName, env, attr, socket)
	})
	if errors.Is(err, unix.EPERM) {
		return nil, &SandboxError{unix.EPERM}
	}
	if err != nil {
		return nil, err
	}
	k.sealed = true
	b := &Sandbox{ReadOnly: hello.ReadOnly, all: s, keeper: k}
	if s.guard != nil {
		if b.guarded, err = s.guard.Add(k.PID()); err != nil {
			return nil, errors.Join(err, k.kill())
		}
	}
	return b, nil
}

// Hindrances says what the sandbox has been in the way of so far: see
// sandbox.Hindrance.Explain. It is empty without a guard.
func (b *Sandbox) Hindrances() []sandbox.Explanation {
	if b.all.guard == nil {
		return nil
	}
	var reasons []sandbox.Explanation
	for _, h := range b.all.guard.Hindrances(b.guarded) {
		if reason := h.Explain(b.all.options); reason.Text != "" && !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return reasons
}

// SandboxError says that capmon may not make namespaces here.
type SandboxError struct{ Errno syscall.Errno }

func (e *SandboxError) Error() string {
	return "make sandbox: " + e.Errno.Error() + ": capmon lacks CAP_SYS_ADMIN, as in a container, or a security module denies it"
}

func (e *SandboxError) Unwrap() error { return e.Errno }

// Keeper starts the command that the sandbox is for.
func (b *Sandbox) Keeper() *Keeper { return b.keeper }

// Helper starts what is to be beside that command: its processes are no
// descendants of Keeper. It is started when it is first asked for, and again
// when the command has killed it.
func (b *Sandbox) Helper() (*Keeper, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.helper != nil && !b.helper.isDead() {
		return b.helper, nil
	}
	k, _, err := startChild(b.spawnHelper)
	if err != nil {
		return nil, err
	}
	k.sealed = true
	b.helper = k
	return k, nil
}

func (b *Sandbox) spawnHelper(socket int) (pid int, err error) {
	spawned := false
	err = sandbox.Enter(b.keeper.PID(), func(inside int) error {
		spawned = true
		env := append(keeperEnviron(roleBeside), b.all.inherited.environ())
		attr := syscall.SysProcAttr{Setsid: true}
		pid, err = spawnKeeper(ownExecutable, keeperName, env, attr, socket, inside)
		return err
	})
	if !spawned {
		unix.Close(socket)
	}
	return pid, err
}

// Close ends everything in the sandbox at once. When it returns, nothing of it
// is left.
func (b *Sandbox) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	// The kernel kills the rest with the first process, and lets it be
	// waited for when none is left (zap_pid_ns_processes() in
	// kernel/pid_namespace.c). It is slow to notice the end of another
	// process's child, so the helper goes first.
	var err error
	if b.helper != nil {
		err = b.helper.kill()
	}
	err = errors.Join(err, b.keeper.kill())
	if b.all.guard != nil && err == nil {
		err = b.all.guard.Remove(b.guarded)
	}
	return err
}

// kill ends the keeper without asking it.
func (k *Keeper) kill() error {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	k.signal(unix.SIGKILL)
	select {
	case <-k.dead:
		k.conn.close() // It may be closed already.
		return nil
	case <-time.After(patience):
		return errors.New("end sandbox: a process in it is still there after SIGKILL")
	}
}

// armThread calls arm with the id that a thread of the keeper has for capmon.
func (k *Keeper) armThread(tid int, arm func(tid int) error) error {
	if k.sealed {
		var err error
		if tid, err = outerThread(k.PID(), tid); err != nil {
			return err
		}
	}
	return arm(tid)
}

// outerThread finds among the threads of a process the one that calls itself
// tid in its own pid namespace (NSpid of proc_pid_status(5)).
func outerThread(pid, tid int) (int, error) {
	tasks := "/proc/" + strconv.Itoa(pid) + "/task"
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return 0, fmt.Errorf("list threads of the sandbox: %w", err)
	}
	for _, thread := range threads {
		ids, err := statusField(tasks+"/"+thread.Name()+"/status", "NSpid:")
		if err != nil {
			continue // It has ended.
		}
		if len(ids) > 0 && ids[len(ids)-1] == strconv.Itoa(tid) {
			return strconv.Atoi(thread.Name())
		}
	}
	return 0, fmt.Errorf("find thread %d of the sandbox: it has ended", tid)
}
