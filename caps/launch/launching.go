package launch

import (
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capmon/capmon/caps/sandbox"
)

// launching is one command in the keeper, from the request until no process
// of it is left.
type launching struct {
	conn *conn
	spec wireSpec
	// files are to be the command's descriptors 0, 1 and 2. They are closed as
	// soon as it has them, because pipes must end when the command ends.
	files []int
	// decision says whether to fork, each time after an armReply.
	decision chan bool
	aborted  chan struct{}
	abort    func()
	// done is closed when no process is left.
	done chan struct{}
	// last is the last report, once done is closed.
	last message
	// pid is the command's, for signalGroup.
	pid atomic.Int64
	// reaper waits for a detached command, and ended tells what it saw.
	reaper *reaper
	ended  <-chan unix.WaitStatus
	// beside is where the sandbox's files are seen; nil for what starts where
	// this process is.
	beside *sandbox.Beside
}

// startLaunching starts a command and reports what becomes of it. The reaper
// is for a detached one.
func startLaunching(conn *conn, spec wireSpec, files []int, reaper *reaper, beside *sandbox.Beside) *launching {
	l := &launching{
		conn: conn, spec: spec, files: files, reaper: reaper, beside: beside,
		decision: make(chan bool, 1),
		aborted:  make(chan struct{}),
		done:     make(chan struct{}),
	}
	l.abort = sync.OnceFunc(func() { close(l.aborted) })
	go l.run()
	return l
}

// run does the launch on a thread of its own, which libcap makes and ends.
// Identity and capabilities are changed on that thread alone. It lives until
// no process of the command is left: the command is to die when its parent
// *thread* ends (PR_SET_PDEATHSIG), which then is when the keeper ends.
func (l *launching) run() {
	defer close(l.done)
	_, err := cap.FuncLauncher(func(any) error {
		var err error
		l.last, err = l.onThread()
		return err
	}).Launch(nil)
	l.closeFiles()
	if err != nil {
		l.last = message{Kind: failedReply, Failure: newFailure(err)}
	}
	// Sent when the thread has gone, so that the next launch may begin. An
	// error means that capmon is gone, which serve notices as well.
	l.conn.send(l.last)
}

// onThread starts the command and waits for all processes. It returns the
// last report, which says that none is left.
func (l *launching) onThread() (message, error) {
	if err := l.lookInside(); err != nil {
		return message{}, err
	}
	if err := l.spec.assume(); err != nil {
		return message{}, err
	}
	begin, pid, path, err := l.start()
	if err != nil {
		return message{}, err
	}
	l.closeFiles()
	l.conn.send(message{Kind: startedReply, Number: pid, Path: path})
	if l.spec.Detached {
		exit := wireExit{Status: uint32(<-l.ended), Duration: time.Since(begin), Alone: true}
		return message{Kind: exitedReply, Exit: exit}, nil
	}
	status, err := waitFor(pid)
	if err != nil {
		return message{}, err
	}
	exit := wireExit{Status: uint32(status), Duration: time.Since(begin)}
	if !reapAll(unix.WNOHANG) {
		l.conn.send(message{Kind: exitedReply, Exit: exit})
		reapAll(0)
		return message{Kind: idleReply}, nil
	}
	exit.Alone = true
	return message{Kind: exitedReply, Exit: exit}, nil
}

// lookInside gives the thread the view that the command is to have.
func (l *launching) lookInside() error {
	switch {
	case l.beside == nil:
		return nil
	case l.spec.Witness:
		return l.beside.Witness(l.spec.Programs)
	}
	return l.beside.Join()
}

// signalGroup sends a signal to the process group of a detached command.
func (l *launching) signalGroup(sig unix.Signal) {
	if l == nil || !l.spec.Detached {
		return
	}
	if pid := int(l.pid.Load()); pid > 0 {
		// It may have ended.
		_ = unix.Kill(-pid, sig)
	}
}

// waitFor waits until the child pid ends, and meanwhile for every process
// that has become a child because its parent ended.
func waitFor(pid int) (unix.WaitStatus, error) {
	for {
		var status unix.WaitStatus
		ended, err := unix.Wait4(-1, &status, unix.WALL, nil)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, &SetupError{Step: "wait for command", Err: err}
		case ended == pid:
			return status, nil
		}
	}
}

// reapAll waits for all children and says whether none is left: with WNOHANG
// it does not wait for those that still run. As this process is a subreaper,
// no child means no descendant.
func reapAll(options int) (none bool) {
	for {
		pid, err := unix.Wait4(-1, nil, unix.WALL|options, nil)
		if err == unix.ECHILD {
			return true
		}
		if pid == 0 && err == nil {
			return false
		}
	}
}

// start executes the command, and returns when it began, its pid and what was
// executed.
func (l *launching) start() (begin time.Time, pid int, path string, err error) {
	if l.spec.Dir != "" {
		if err := checkDir(l.spec.Dir); err != nil {
			return time.Time{}, 0, "", err
		}
	}
	err = search(l.spec.Path, lookupEnv(l.spec.Env, "PATH"), l.spec.Dir, func(file string) error {
		var err error
		path = file
		begin, pid, err = l.fork(file, l.spec.Args)
		if err == unix.ENOEXEC {
			// A text without "#!": the shell runs it, as in execvp(3).
			path = shell
			begin, pid, err = l.fork(shell, shellArgs(file, l.spec.Args))
		}
		return err
	})
	return begin, pid, path, err
}

// fork waits until the tracer follows this thread, and forks and executes.
func (l *launching) fork(path string, args []string) (begin time.Time, pid int, err error) {
	if err := l.conn.send(message{Kind: armReply, Number: unix.Gettid()}); err != nil {
		return time.Time{}, 0, err
	}
	select {
	case <-l.decision:
	case <-l.aborted:
		return time.Time{}, 0, errAborted
	}
	begin = time.Now()
	if l.spec.Detached {
		pid, l.ended, err = l.reaper.fork(func() (int, error) { return l.forkExec(path, args) })
		l.pid.Store(int64(pid))
		return begin, pid, err
	}
	pid, err = l.forkExec(path, args)
	return begin, pid, err
}

func (l *launching) forkExec(path string, args []string) (pid int, err error) {
	files := []uintptr{uintptr(l.files[0]), uintptr(l.files[1]), uintptr(l.files[2])}
	for range l.spec.Reserved {
		files = append(files, files[0])
	}
	return syscall.ForkExec(path, args, &syscall.ProcAttr{
		Dir:   l.spec.Dir,
		Env:   l.spec.Env,
		Files: files,
		// Set by the child after the change of user, which clears it.
		Sys: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: l.spec.Detached},
	})
}

// checkDir tells a working directory that is missing or closed to the command
// from a missing executable. What opening
// "dir/." needs is what chdir(2) needs.
func checkDir(dir string) error {
	fd, err := unix.Open(dir+"/.", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &SetupError{Step: "change directory to " + dir, Err: err}
	}
	return unix.Close(fd)
}

// closeFiles closes the command's descriptors here.
func (l *launching) closeFiles() {
	for _, fd := range l.files {
		unix.Close(fd)
	}
	l.files = nil
}
