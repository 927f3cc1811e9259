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

const (
	// answerLimit is how long a process that launches may take for what it
	// does by itself: to start, and to prepare a launch.
	answerLimit = 30 * time.Second
	// sendLimit is how long it may take to receive a message.
	sendLimit = 10 * time.Second
)

// Keeper is capmon's side of a keeper. It serves one command at a time, and
// any number one after another.
type Keeper struct {
	conn *conn
	// self is the process, which cannot be confused with a later one of the same pid.
	self proc
	// gone is closed when the process has been waited for.
	gone chan struct{}
	// warden is the keeper's parent; nil for a keeper that is capmon's own child.
	warden *Keeper
	// hooks are what the warden does besides; nil without one.
	hooks *hooks
	// kept is the keeper of a warden.
	kept *Keeper
	// sealed: it is in a sandbox, and calls processes by other ids.
	sealed bool
	// grantable is what the keeper can grant; less than capmon's own when
	// capmon got powers from its file.
	grantable caps.Set
	// dead is closed when the keeper has exited and been waited for.
	dead chan struct{}

	mu      sync.Mutex
	current *Process // the latest launch; nil before the first
	// closed: capmon itself asked the keeper to go.
	closed bool
}

// Process is a command that has been started.
type Process struct {
	// PID is its id in its own pid namespace, which in a sandbox is not
	// capmon's.
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

// StartKeeper starts a keeper and waits until it is ready. The calling process
// gets one child for it, and no other process becomes its child.
//
// Call it before anything that changes what a child inherits: resource
// limits, and signal.Notify or signal.Ignore for SIGHUP and SIGINT, of which
// a command must get to know that they were ignored, as nohup(1) does it. What
// is to be done meanwhile it calls when it has noted that, and waits for it;
// descriptors that are opened there must be closed on exec. The error is
// ErrNoKeeperMain in a program that does not call KeeperMain.
func StartKeeper(meanwhile ...func()) (*Keeper, error) {
	if !mayKeep.Load() {
		return nil, ErrNoKeeperMain
	}
	return startKeeper(ownExecutable, meanwhile...)
}

// ownExecutable is not os.Executable: the file may have been replaced
// meanwhile.
const ownExecutable = "/proc/self/exe"

// startChild makes a Keeper of the child that spawn starts, to which the
// socket belongs then. It also returns the child's first message.
func startChild(spawn func(socket int) (pid int, err error)) (*Keeper, message, error) {
	conn, end, err := newSocket()
	if err != nil {
		return nil, message{}, err
	}
	pid, err := spawn(end)
	if err != nil {
		conn.close()
		return nil, message{}, err
	}
	k := keeperAt(conn, pid)
	go k.attend()
	hello, err := k.greet()
	if err != nil {
		conn.close()
		k.signal(unix.SIGKILL)
		<-k.gone
		return nil, message{}, err
	}
	return k, hello, nil
}

// newSocket is a connection and the descriptor of its other end.
func newSocket() (*conn, int, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, 0, fmt.Errorf("create keeper socket: %w", err)
	}
	conn, err := newConn(pair[0])
	if err != nil {
		unix.Close(pair[1])
		return nil, 0, err
	}
	return conn, pair[1], nil
}

func keeperAt(conn *conn, pid int) *Keeper {
	self, err := readProc(pid)
	if err != nil {
		self.pid = pid // It has ended, which greet will say.
	}
	return &Keeper{conn: conn, self: self, gone: make(chan struct{}), dead: make(chan struct{})}
}

// greet waits for the first message, and listens for the others.
func (k *Keeper) greet() (message, error) {
	hello, err := k.conn.receiveWithin(answerLimit)
	switch {
	case err != nil:
		err = fmt.Errorf("start keeper: %w", err)
	case hello.Kind == failedReply:
		err = hello.Failure.err()
	case hello.Kind != helloReply:
		err = errors.New("start keeper: unexpected answer")
	}
	if err != nil {
		return hello, err
	}
	k.grantable = hello.Grantable
	go k.listen()
	return hello, nil
}

// spawnKeeper executes a keeper with the sockets as its only descriptors
// beside standard error, and closes them here.
func spawnKeeper(executable, name string, env []string, attr syscall.SysProcAttr, sockets ...int) (pid int, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, fmt.Errorf("start keeper: %w", err)
	}
	defer null.Close()
	files := []uintptr{null.Fd(), null.Fd(), os.Stderr.Fd()}
	for _, socket := range sockets {
		defer unix.Close(socket)
		files = append(files, uintptr(socket))
	}
	// A command may stop the thread that launched it, and with it the keeper:
	// when capmon dies, the keeper has to go on to end everything.
	attr.Pdeathsig = unix.SIGCONT
	pid, err = syscall.ForkExec(executable, []string{name}, &syscall.ProcAttr{Env: env, Files: files, Sys: &attr})
	if err != nil {
		return 0, fmt.Errorf("start keeper: %w", err)
	}
	return pid, nil
}

// attend waits for a child of this process, and continues it whenever a
// command has stopped it.
func (k *Keeper) attend() {
	defer close(k.gone)
	for {
		var status unix.WaitStatus
		_, err := unix.Wait4(k.PID(), &status, unix.WALL|unix.WUNTRACED, nil)
		switch {
		case err == unix.EINTR:
		case err == nil && status.Stopped():
			k.signal(unix.SIGCONT)
		default:
			return
		}
	}
}

// signal sends a signal to the keeper itself. It may have ended.
func (k *Keeper) signal(sig unix.Signal) { _ = k.self.kill(sig) }

// PID is the keeper's own process id.
func (k *Keeper) PID() int { return k.self.pid }

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
		p, kept := k.current, k.kept
		k.mu.Unlock()
		switch {
		case m.Kind == keeperGoneReply:
			close(kept.gone)
		case p != nil:
			p.take(m)
		}
	}
	// Only after the wait have its children become the warden's.
	<-k.gone
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept != nil && !isClosed(k.kept.gone) {
		close(k.kept.gone) // Nobody is left to say so.
	}
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
	// What precedes the fork takes no time. The fork waits for exec, and exec
	// for the file system, as long as ctx allows.
	limit := time.After(answerLimit)
	for {
		var m message
		select {
		case m = <-p.replies:
			limit = nil
		case <-k.dead:
			return nil, ErrKeeperDied
		case <-limit:
			k.signal(unix.SIGKILL)
			return nil, errNoAnswer
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
	k.current = p
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

// signal sends a signal to the process group of a detached command.
func (p *Process) signal(sig unix.Signal) error {
	return p.keeper.explain(p.keeper.conn.send(message{Kind: signalRequest, Number: int(sig)}))
}

// lastWord is for a keeper that is dead: it may have reported the exit before.
func (p *Process) lastWord() (Exit, error) {
	if isClosed(p.exited) {
		return p.exit, nil
	}
	return Exit{}, ErrKeeperDied
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
