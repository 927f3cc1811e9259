package launch

import (
	"sync"

	"golang.org/x/sys/unix"
)

// reaper waits for the children of a keeper of detached commands: the
// commands, and what they left behind, as soon as it ends: somebody may check
// whether it is still there.
type reaper struct {
	mu sync.Mutex
	// forked tells of a child after there was none.
	forked *sync.Cond
	// waiting has a channel for each command that has not ended.
	waiting map[int]chan unix.WaitStatus
	// ward is a child that is continued whenever somebody stops it.
	ward int
}

func newReaper() *reaper {
	r := &reaper{waiting: make(map[int]chan unix.WaitStatus)}
	r.forked = sync.NewCond(&r.mu)
	go r.run()
	return r
}

// fork calls start, which makes a child, and returns where its status will
// come from.
func (r *reaper) fork(start func() (pid int, err error)) (int, <-chan unix.WaitStatus, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, err := start()
	if err != nil {
		return 0, nil, err
	}
	ended := make(chan unix.WaitStatus, 1)
	r.waiting[pid] = ended
	r.forked.Signal()
	return pid, ended, nil
}

// attend lets a child be continued whenever somebody stops it.
func (r *reaper) attend(pid int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ward = pid
	// It may have been stopped before.
	_ = unix.Kill(pid, unix.SIGCONT)
}

func (r *reaper) run() {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WALL|unix.WUNTRACED, nil)
		r.mu.Lock()
		switch {
		case err == nil && status.Stopped():
			if pid == r.ward {
				_ = unix.Kill(pid, unix.SIGCONT)
			}
		case err == unix.ECHILD:
			for len(r.waiting) == 0 {
				r.forked.Wait()
			}
		case err == nil && r.waiting[pid] != nil:
			r.waiting[pid] <- status
			delete(r.waiting, pid)
		}
		r.mu.Unlock()
	}
}
