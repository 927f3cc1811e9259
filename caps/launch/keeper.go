package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
)

// goodbye is how long Close waits for the keeper to exit by itself.
const goodbye = 5 * time.Second

// Keeper is capmon's side of a keeper. It serves one command at a time, and
// any number one after another.
type Keeper struct {
	conn    *conn
	process *os.Process
	// sealed: it is in a sandbox, and calls processes by other ids.
	sealed bool
	// grantable is what the keeper can grant; less than capmon's own when
	// capmon got powers from its file.
	grantable caps.Set
	// dead is closed when the keeper has exited and been waited for.
	dead chan struct{}

	mu      sync.Mutex
	current *Process // the latest launch; nil before the first
	// since is when the oldest launch started of which a process may still
	// run, in clock ticks since boot.
	since uint64
	// closed: capmon itself asked the keeper to go.
	closed bool
}

// Process is a command that has been started.
type Process struct {
	// PID is its id in its own pid namespace, which is another than capmon's
	// in a sandbox.
	PID int
	// Path is what was executed: the file that was found for Spec.Path, or
	// /bin/sh for a text without "#!".
	Path string

	keeper *Keeper
	// replies brings what precedes the start, one message at a time.
	replies chan message
	// exited is closed after exit is set; idle when no descendant is left.
	exited, idle chan struct{}
	exit         Exit
}

// StartKeeper starts a keeper and waits until it is ready. It makes capmon a
// child subreaper. The error is ErrNoKeeperMain in a program that does not call
// KeeperMain.
//
// Call it before anything that changes what a child inherits: resource
// limits, and signal.Notify or signal.Ignore for SIGHUP and SIGINT, of which
// a command must get to know that they were ignored, as nohup(1) does it.
func StartKeeper() (*Keeper, error) {
	if !mayKeep.Load() {
		return nil, ErrNoKeeperMain
	}
	return startKeeper(ownExecutable)
}

// ownExecutable is not os.Executable: the file may have been replaced
// meanwhile.
const ownExecutable = "/proc/self/exe"

// startKeeper makes a keeper of an executable that calls KeeperMain.
func startKeeper(executable string) (*Keeper, error) {
	k, _, err := startKeeperBy(func(socket int) (*os.Process, error) {
		return spawnKeeper(executable, socket, keeperEnviron(), nil)
	})
	return k, err
}

// startKeeperBy makes a keeper of the process that spawn starts, to which the
// socket belongs then. It also returns the keeper's first message.
func startKeeperBy(spawn func(socket int) (*os.Process, error)) (*Keeper, message, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return nil, message{}, fmt.Errorf("become child subreaper: %w", err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, message{}, fmt.Errorf("create keeper socket: %w", err)
	}
	conn, err := newConn(pair[0])
	if err != nil {
		unix.Close(pair[1])
		return nil, message{}, err
	}
	process, err := spawn(pair[1])
	if err != nil {
		conn.close()
		return nil, message{}, err
	}
	k := &Keeper{conn: conn, process: process, dead: make(chan struct{})}
	hello, err := conn.receive()
	switch {
	case err != nil:
		err = fmt.Errorf("start keeper: %w", err)
	case hello.Kind == failedReply:
		err = hello.Failure.err()
	case hello.Kind != helloReply:
		err = errors.New("start keeper: unexpected answer")
	}
	if err != nil {
		conn.close()
		process.Kill()
		process.Wait()
		keepers.Delete(process.Pid)
		return nil, message{}, err
	}
	k.grantable = hello.Grantable
	go k.listen()
	return k, hello, nil
}

// spawnKeeper executes a keeper with the socket as its only descriptor beside
// standard error, and closes the socket here.
func spawnKeeper(executable string, socket int, env []string, attr *syscall.SysProcAttr) (*os.Process, error) {
	end := os.NewFile(uintptr(socket), "keeper socket")
	defer end.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("start keeper: %w", err)
	}
	defer null.Close()
	if attr == nil {
		attr = &syscall.SysProcAttr{}
	}
	// A command may stop the thread that launched it, and with it the keeper:
	// when capmon dies, the keeper has to go on to end everything.
	attr.Pdeathsig = unix.SIGCONT
	process, err := os.StartProcess(executable, []string{keeperName}, &os.ProcAttr{
		Env:   env,
		Files: []*os.File{null, null, os.Stderr, end},
		Sys:   attr,
	})
	if err != nil {
		return nil, fmt.Errorf("start keeper: %w", err)
	}
	keepers.Store(process.Pid, nil)
	return process, nil
}

// PID is the keeper's own process id.
func (k *Keeper) PID() int { return k.process.Pid }

// Grantable is what a command of this keeper can be granted.
func (k *Keeper) Grantable() caps.Set { return k.grantable }

// listen takes the keeper's messages until its end.
func (k *Keeper) listen() {
	for {
		m, err := k.conn.receive()
		if err != nil {
			break
		}
		k.mu.Lock()
		p := k.current
		k.mu.Unlock()
		if p != nil {
			p.take(m)
		}
	}
	// Only after the wait have its children become capmon's.
	k.process.Wait()
	keepers.Delete(k.process.Pid)
	close(k.dead)
}

// take notes what the keeper reports of p.
func (p *Process) take(m message) {
	switch m.Kind {
	case armReply, startedReply:
		p.replies <- m
	case failedReply:
		close(p.idle)
		p.replies <- m
	case exitedReply:
		p.exit = Exit{Status: syscall.WaitStatus(m.Exit.Status), Duration: m.Exit.Duration, Alone: m.Exit.Alone}
		if m.Exit.Alone {
			close(p.idle)
		}
		close(p.exited)
	case idleReply:
		close(p.idle)
	}
}

// Launch starts a command. arm, if not nil, is called with the id of the
// thread that is about to fork, before there is a child; when it returns an
// error nothing is started. It is called again when a file has turned out to
// be no executable and the next in PATH, or /bin/sh, is tried instead.
//
// The error is an *ExecError, *UngrantableError, *SetupError, ErrBusy or
// ErrKeeperDied if it is one of those conditions, ctx's own when that ends
// before the command has started, or what arm returned.
func (k *Keeper) Launch(ctx context.Context, spec Spec, arm func(tid int) error) (*Process, error) {
	files, closeFiles, err := spec.files()
	if err != nil {
		return nil, err
	}
	defer closeFiles()
	p, err := k.begin()
	if err != nil {
		return nil, err
	}
	if err := k.conn.send(message{Kind: launchRequest, Spec: spec.wire()}, files...); err != nil {
		return nil, k.explain(err)
	}
	for {
		var m message
		select {
		case m = <-p.replies:
		case <-k.dead:
			return nil, ErrKeeperDied
		case <-ctx.Done():
			k.conn.send(message{Kind: abortRequest})
			return nil, ctx.Err()
		}
		switch m.Kind {
		case startedReply:
			p.PID, p.Path = m.Number, m.Path
			return p, nil
		case failedReply:
			return nil, m.Failure.err()
		}
		if arm != nil {
			if err := k.armThread(m.Number, arm); err != nil {
				k.conn.send(message{Kind: abortRequest})
				return nil, err
			}
		}
		if err := k.conn.send(message{Kind: goRequest}); err != nil {
			return nil, k.explain(err)
		}
	}
}

// begin makes the next launch the current one.
func (k *Keeper) begin() (*Process, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil, os.ErrClosed
	}
	if k.isDead() {
		return nil, ErrKeeperDied
	}
	if k.current != nil && !isClosed(k.current.idle) {
		return nil, ErrBusy
	}
	p := &Process{
		keeper:  k,
		replies: make(chan message, 3),
		exited:  make(chan struct{}),
		idle:    make(chan struct{}),
	}
	k.current, k.since = p, ticksSinceBoot()
	return p, nil
}

// explain replaces an error of the socket by its reason. A keeper that is
// dying is waited for, so that it counts as dead afterwards.
func (k *Keeper) explain(err error) error {
	if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) {
		select {
		case <-k.dead:
		case <-time.After(goodbye):
		}
		return ErrKeeperDied
	}
	return err
}

// Wait waits for the end of the command, not of its descendants. When ctx
// ends first, its error is returned and the command runs on.
func (p *Process) Wait(ctx context.Context) (Exit, error) {
	select {
	case <-p.exited:
		return p.exit, nil
	default:
	}
	select {
	case <-p.exited:
		return p.exit, nil
	case <-p.keeper.dead:
		return p.lastWord()
	case <-ctx.Done():
		return Exit{}, ctx.Err()
	}
}

// Signal sends a signal to the process group of a detached command.
func (p *Process) Signal(sig unix.Signal) error {
	return p.keeper.explain(p.keeper.conn.send(message{Kind: signalRequest, Number: int(sig)}))
}

// lastWord is for a keeper that is dead: it may have reported the exit before.
func (p *Process) lastWord() (Exit, error) {
	if isClosed(p.exited) {
		return p.exit, nil
	}
	return Exit{}, ErrKeeperDied
}

// ticksSinceBoot is now in the unit of proc.started. It is 100 Hz on every
// architecture (USER_HZ in asm-generic/param.h).
func ticksSinceBoot() uint64 {
	const hz = 100
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0
	}
	return uint64(t.Nano()) * hz / uint64(time.Second)
}

func (k *Keeper) isDead() bool { return isClosed(k.dead) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
