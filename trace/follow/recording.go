package follow

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/trace/backend"
)

// Recording is what is seen of one attempt.
type Recording struct {
	tracer  *Tracer
	attempt uint32
	start   time.Duration

	// armed are what is waited for; disarmed: nothing is any more.
	mu       sync.Mutex
	armed    []armed
	disarmed atomic.Bool
	// Guarded by collecting.
	// seen: what was waited for has come.
	seen bool
	// lostBefore is how many records were lost before those that count for r.
	lostBefore uint64
	// marked are the checks of scenarios that are over, and unnamed those since
	// then. folded: there were so many that some were counted as one.
	marked, unnamed records
	folded          bool
}

// armed is an entry of a map of what is waited for.
type armed struct {
	in  *ebpf.Map
	key any
}

// Arm follows the next process that the thread tid forks, and all its
// descendants. They are recorded from that process's exec on, the exec
// included.
func (t *Tracer) Arm(tid int) (*Recording, error) {
	r, err := t.Record()
	if err != nil {
		return nil, err
	}
	return r, r.endOn(r.Arm(tid, 0))
}

// Record makes a recording of which nothing is armed yet.
func (t *Tracer) Record() (*Recording, error) {
	t.mu.Lock()
	t.lastAttempt++
	r := &Recording{tracer: t, attempt: t.lastAttempt, start: backend.Monotonic()}
	t.mu.Unlock()
	var err error
	if r.lostBefore, err = t.programs.Lost(); err != nil {
		return nil, err
	}
	return r, t.sysExit.begin(t.programs, r)
}

// endOn ends the recording if there is an error.
func (r *Recording) endOn(err error) error {
	if err != nil {
		r.tracer.sysExit.end(r)
	}
	return err
}

// Arm is [Tracer.Arm] for one more thread. The first execs of what it forks, as
// many as skip says, are not the command's own yet.
func (r *Recording) Arm(tid, skip int) error {
	arming := bpf.CommandArming{Attempt: r.attempt, Skip: uint32(skip)}
	return r.arm(armed{r.tracer.maps.Armed, uint32(tid)}, arming)
}

// ArmProcess follows a process that runs, and its descendants, from its next
// exec on: of a container it is the runtime's own process that becomes the
// container's first.
func (r *Recording) ArmProcess(pid int) error {
	return r.arm(armed{r.tracer.maps.Awaited, uint32(pid)}, r.attempt)
}

// ArmCgroup follows the processes that execute something in the cgroup of that
// directory, or in one below it. systemd's own executor is passed over.
func (r *Recording) ArmCgroup(dir string) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("read id of cgroup %s: %w", dir, err)
	}
	if fs.Type != unix.CGROUP2_SUPER_MAGIC {
		return fmt.Errorf("read id of cgroup %s: it is in no cgroup2 file system", dir)
	}
	// cgroup_id() of include/linux/cgroup.h is the id of the directory in kernfs,
	// which is its file handle (kernfs_encode_fh() in fs/kernfs/mount.c).
	handle, _, err := unix.NameToHandleAt(unix.AT_FDCWD, dir, 0)
	if err != nil {
		return fmt.Errorf("read id of cgroup %s: %w", dir, err)
	}
	id := binary.NativeEndian.Uint64(handle.Bytes())
	return r.arm(armed{r.tracer.maps.AwaitedCgroups, id}, r.attempt)
}

func (r *Recording) arm(a armed, value any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := a.in.Put(a.key, value); err != nil {
		return fmt.Errorf("arm tracer: %w", err)
	}
	r.armed = append(r.armed, a)
	return nil
}

// Disarm ends the waiting for new processes. What is followed stays followed.
func (r *Recording) Disarm() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, a := range r.armed {
		if err := a.in.Delete(a.key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			errs = append(errs, fmt.Errorf("disarm tracer: %w", err))
		}
	}
	r.armed = nil
	r.disarmed.Store(true)
	return errors.Join(errs...)
}

// Status is how a process ended that was followed; false while it runs, or if
// it was not seen. pid is its id as capmon knows it.
func (r *Recording) Status(pid int) (unix.WaitStatus, bool, error) {
	r.tracer.collecting.Lock()
	defer r.tracer.collecting.Unlock()
	var key bpf.CommandImageKey
	var image bpf.CommandImage
	entries := r.tracer.maps.Images.Iterate()
	for entries.Next(&key, &image) {
		if key.Attempt == r.attempt && int(image.Pid) == pid && image.End != 0 && image.Replaced == 0 {
			return unix.WaitStatus(image.Status), true, nil
		}
	}
	if err := entries.Err(); err != nil {
		return 0, false, fmt.Errorf("read how process %d ended: %w", pid, err)
	}
	return 0, false, nil
}
