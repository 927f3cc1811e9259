package launch

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// hookGrace is how long a hook may take to end after SIGTERM.
const hookGrace = 2 * time.Second

// warden is the process above a keeper. What a command leaves behind when it
// kills its keeper becomes the warden's child. It runs the hooks, and when
// capmon dies, what was bequeathed.
type warden struct {
	conn   *conn
	reaper *reaper
	// keeper is a keeper's pid, and keeperGone is closed when it has ended;
	// 0 and closed for one that only helps.
	keeper     int
	keeperGone chan struct{}
	// hook is the latest hook; nil before the first.
	hook    *launching
	bequest message
}

// startWard forks the keeper, to which wardSocket belongs.
func (w *warden) startWard() error {
	group, err := unix.Getpgid(os.Getppid())
	if err != nil {
		return fmt.Errorf("start keeper: %w", err)
	}
	// The thread that forks must not end before the keeper: PR_SET_PDEATHSIG.
	runtime.LockOSThread()
	pid, ended, err := w.reaper.fork(func() (int, error) {
		// In capmon's own process group: the command is what uses the terminal.
		attr := syscall.SysProcAttr{Setpgid: true, Pgid: group}
		return spawnKeeper(ownExecutable, keeperName, keeperEnviron(roleKeeper), attr, wardSocket)
	})
	if err != nil {
		return err
	}
	w.reaper.attend(pid)
	w.keeper, w.keeperGone = pid, make(chan struct{})
	go func() {
		<-ended
		close(w.keeperGone)
	}()
	return nil
}

// live is the life of a warden.
func (w *warden) live() error {
	conn, err := prepare()
	if err != nil {
		return err
	}
	w.conn = conn
	if err := conn.send(message{Kind: helloReply, Number: w.keeper, Grantable: Grantable()}); err != nil {
		return err
	}
	return w.serve()
}

// serve runs hooks until capmon says release or dies.
func (w *warden) serve() error {
	for {
		m, err := w.conn.receive()
		if err != nil {
			return w.end()
		}
		switch m.Kind {
		case keptRequest:
			go func() {
				<-w.keeperGone
				w.conn.send(message{Kind: keeperGoneReply})
			}()
		case launchRequest:
			fds, err := w.conn.takeFiles(3)
			if err != nil {
				return err
			}
			w.hook = startLaunching(w.conn, m.Spec, fds, w.reaper, nil)
		case goRequest:
			w.hook.decision <- true
		case abortRequest:
			w.hook.abort()
		case signalRequest:
			w.hook.signalGroup(unix.Signal(m.Number))
		case bequeathRequest:
			w.bequest = m
		case releaseRequest:
			return nil
		}
	}
}

// end is what is left to do when capmon has gone: to end everything, and to
// run what was bequeathed.
func (w *warden) end() error {
	if w.keeper != 0 {
		_ = unix.Kill(w.keeper, unix.SIGCONT)
	}
	running := w.bequest.Spec.Path != ""
	if w.hook != nil {
		if w.hook.spec.Bequeathed {
			running = false
			w.hook.endAfter(w.bequest.Limit)
		} else {
			w.hook.abort()
			w.hook.endAfter(0)
		}
	}
	// The keeper ends its own.
	select {
	case <-w.keeperGone:
	case <-time.After(patience + goodbye):
		_ = unix.Kill(w.keeper, unix.SIGKILL)
	}
	if running {
		w.execute(w.bequest)
	}
	// What hooks have left in the background.
	e := ender{walk: func(visit func(proc)) error { return walk(os.Getpid(), visit) }}
	return e.run(context.Background(), hookGrace)
}

// execute runs a bequest. Nobody listens to what it prints.
func (w *warden) execute(bequest message) {
	var files []int
	for range 3 {
		fd, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			fmt.Fprintln(os.Stderr, "capmon: was killed, and cleaning up failed:", err)
			return
		}
		files = append(files, fd)
	}
	l := startLaunching(nil, bequest.Spec, files, w.reaper, nil)
	l.decision <- true
	l.endAfter(bequest.Limit)
	switch {
	case l.last.Kind == failedReply:
		fmt.Fprintln(os.Stderr, "capmon: was killed, and cleaning up failed:", l.last.Failure.err())
	case l.last.Exit.Status != 0:
		exit := Exit{Status: syscall.WaitStatus(l.last.Exit.Status)}
		fmt.Fprintf(os.Stderr, "capmon: was killed, and cleaning up failed: exit %d\n", exit.Code())
	}
}

// endAfter waits for a detached command, and ends it after the limit.
func (l *launching) endAfter(limit time.Duration) {
	for _, step := range []struct {
		wait   time.Duration
		signal unix.Signal
	}{{limit, unix.SIGTERM}, {hookGrace, unix.SIGKILL}, {patience, 0}} {
		select {
		case <-l.done:
			return
		case <-time.After(step.wait):
			l.signalGroup(step.signal)
		}
	}
}
