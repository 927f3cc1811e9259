package follow

import (
	"maps"
	"slices"
	"sync"

	"github.com/cilium/ebpf/link"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/trace/backend"
)

// sysExit is the program on sys_exit, which costs every system call of every
// process. So it is attached only while something is recorded that can still
// make system calls.
type sysExit struct {
	mu         sync.Mutex
	recordings map[*Recording]bool
	link       link.Link
}

// begin attaches the program for the sake of a recording.
func (s *sysExit) begin(programs *backend.Programs, r *Recording) error {
	s.mu.Lock()
	defer s.mu.Unlock()
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

// end detaches it unless another recording has a use for it. What has ended
// need not have begun.
func (s *sysExit) end(r *Recording) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.recordings, r)
	if len(s.recordings) > 0 || s.link == nil {
		return nil
	}
	err := s.link.Close()
	s.link = nil
	return err
}

// all are the recordings of which something may still come.
func (s *sysExit) all() []*Recording {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.recordings))
}

// close ends all recordings.
func (s *sysExit) close() error {
	s.mu.Lock()
	clear(s.recordings)
	s.mu.Unlock()
	return s.end(nil)
}
