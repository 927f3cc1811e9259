package follow

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cilium/ebpf/link"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/trace/backend"
)

// sysExit is the program on sys_exit, which costs every system call of every
// process. So it is attached only while something is recorded that can still
// make system calls, and a moment longer.
type sysExit struct {
	mu         sync.Mutex
	recordings map[*Recording]bool
	link       link.Link
	idle       *time.Timer // runs while nothing is recorded
	err        error       // of detaching
}

// linger is that moment. The kernel lets nothing be attached to a tracepoint
// before a grace period has gone by since the last program was detached, some
// 10 ms (tp_rcu_cond_sync() in kernel/tracepoint.c), and attempts follow each
// other sooner.
const linger = 100 * time.Millisecond

// begin attaches the program for the sake of a recording.
func (s *sysExit) begin(programs *backend.Programs, r *Recording) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idle != nil {
		s.idle.Stop()
	}
	if s.link == nil {
		var err error
		if s.link, err = programs.AttachOne(bpf.CommandProgOnSysExit); err != nil {
			return err
		}
	}
	if s.recordings == nil {
		s.recordings = map[*Recording]bool{}
	}
	s.recordings[r] = true
	return nil
}

// end has it detached soon unless another recording has a use for it. What has
// ended need not have begun.
func (s *sysExit) end(r *Recording) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.recordings, r)
	if len(s.recordings) > 0 || s.link == nil {
		return
	}
	if s.idle != nil {
		s.idle.Stop()
	}
	s.idle = time.AfterFunc(linger, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.recordings) == 0 {
			s.detach()
		}
	})
}

func (s *sysExit) detach() {
	if s.link != nil {
		s.err = errors.Join(s.err, s.link.Close())
		s.link = nil
	}
}

// all are the recordings of which something may still come.
func (s *sysExit) all() []*Recording {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.recordings))
}

// close ends all recordings, and returns what went wrong when it was detached.
func (s *sysExit) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idle != nil {
		s.idle.Stop()
	}
	clear(s.recordings)
	s.detach()
	return s.err
}
