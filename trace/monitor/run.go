package monitor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"github.com/cilium/ebpf/ringbuf"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/backend"
)

// tick is how often Run looks after what does not announce itself, when
// nothing is counted in windows.
const tick = time.Second

// maxBurst is how many checks are handed over at once.
const maxBurst = 512

// Run hands over what is seen until ctx ends, and then what was seen until
// then: it detaches the programs, and can be called only once. hand is called
// for every burst of checks and at least once for each window, perhaps with
// none; the slice is its own only until it returns. Its error ends Run.
func (m *Monitor) Run(ctx context.Context, hand func([]Event) error) error {
	r := &run{Monitor: m, hand: hand, burst: make([]Event, 0, maxBurst), merged: map[bpf.MonitorSeenKey]int{}}
	stop := context.AfterFunc(ctx, func() { m.ring.Flush() })
	defer stop()
	for ctx.Err() == nil {
		if err := r.ringUntil(time.Now().Add(r.period())); err != nil {
			return err
		}
		if err := r.windowOver(); err != nil {
			return err
		}
	}
	if err := m.programs.Detach(); err != nil {
		return fmt.Errorf("detach eBPF programs: %w", err)
	}
	if err := r.ringUntil(time.Now()); err != nil {
		return err
	}
	return r.windowOver()
}

// run is one Run.
type run struct {
	*Monitor
	hand   func([]Event) error
	burst  []Event
	record ringbuf.Record
	merged map[bpf.MonitorSeenKey]int // index in a window's records
	// bootTime is when the kernel's monotonic clock stood at zero, by a wall
	// clock that may have been set meanwhile.
	bootTime time.Time
}

func (r *run) period() time.Duration {
	if r.config.Window > 0 {
		return r.config.Window
	}
	return tick
}

// ringUntil hands over what comes through the ring, at once, until the
// deadline or a flush. Once detached it reads the ring to its end.
func (r *run) ringUntil(deadline time.Time) error {
	r.bootTime = time.Now().Add(-backend.Monotonic())
	r.ring.SetDeadline(deadline)
	for {
		err := r.ring.ReadInto(&r.record)
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, ringbuf.ErrFlushed) {
			return r.flush()
		}
		if err != nil {
			return fmt.Errorf("read eBPF ring: %w", err)
		}
		if err := r.addRecord(); err != nil {
			return err
		}
		if r.ring.AvailableBytes() > 0 && len(r.burst) > 0 {
			continue
		}
		if err := r.flush(); err != nil {
			return err
		}
		// A ring that never gets empty must not hold up the window.
		if r.programs.Attached() && time.Now().After(deadline) {
			return nil
		}
	}
}

// addRecord adds what has been read from the ring.
func (r *run) addRecord() error {
	var seen bpf.MonitorSeenRecord
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&seen)), unsafe.Sizeof(seen))
	if n := copy(raw, r.record.RawSample); n != len(raw) {
		return fmt.Errorf("read eBPF ring: a record has %d bytes, not %d", n, len(raw))
	}
	return r.add(&seen)
}

// windowOver hands over what was counted.
func (r *run) windowOver() error {
	if r.config.Window > 0 {
		records, err := r.window.take()
		if err != nil {
			return err
		}
		if records, err = r.merge(records); err != nil {
			return err
		}
		for i := range records {
			if err := r.add(&records[i]); err != nil {
				return err
			}
		}
	}
	if err := r.hand(r.burst); err != nil {
		return err
	}
	r.burst = r.burst[:0]
	return r.places.tidy()
}

// merge adds up the records of places that turn out to be the same, in place.
func (r *run) merge(records []bpf.MonitorSeenRecord) ([]bpf.MonitorSeenRecord, error) {
	clear(r.merged)
	kept := records[:0]
	for _, seen := range records {
		site, _, err := r.places.find(seen.Key.Site, r.hides())
		if err != nil {
			return nil, err
		}
		seen.Key.Site = site
		if i, ok := r.merged[seen.Key]; ok {
			kept[i].Seen.Count += seen.Seen.Count
			continue
		}
		r.merged[seen.Key] = len(kept)
		kept = append(kept, seen)
	}
	return kept, nil
}

// hides: what is not audited is unwanted, and only the stack tells.
func (r *run) hides() bool { return !r.programs.Backend.SeesOpts && !r.config.Filter.All }

func (r *run) add(seen *bpf.MonitorSeenRecord) error {
	event, wanted, err := r.event(seen)
	if err != nil || !wanted {
		return err
	}
	r.burst = append(r.burst, event)
	if len(r.burst) < maxBurst {
		return nil
	}
	return r.flush()
}

func (r *run) flush() error {
	if len(r.burst) == 0 {
		return nil
	}
	err := r.hand(r.burst)
	r.burst = r.burst[:0]
	return err
}

// event puts names to what the kernel saw. It is not wanted if it turns out
// as noise only now.
func (r *run) event(seen *bpf.MonitorSeenRecord) (Event, bool, error) {
	flags := bpf.MonitorCheckFlags(seen.Key.Flags)
	has := func(f bpf.MonitorCheckFlags) bool { return flags&f != 0 }
	_, where, err := r.places.find(seen.Key.Site, r.hides())
	if err != nil {
		return Event{}, false, err
	}
	first := time.Duration(seen.Seen.First)
	check := trace.Check{
		Process: trace.Process{
			PID:  int(seen.Key.Tgid),
			PPID: int(seen.Seen.Ppid),
			Comm: backend.Text(seen.Key.Comm[:]),
		},
		Image:     -1,
		Cap:       caps.Cap(seen.Key.Site.Cap),
		Verdict:   trace.Fail,
		Audited:   !has(bpf.MonitorCheckFlagsCHECK_NOAUDIT),
		InitialNS: !has(bpf.MonitorCheckFlagsCHECK_OTHER_NS),
		OwnCreds:  !has(bpf.MonitorCheckFlagsCHECK_OTHER_CRED),
		Syscall:   r.syscalls.Name(int(seen.Key.Site.Nr), seen.Key.Site.Compat != 0),
		Function:  where.function,
		First:     first - r.began,
		Count:     seen.Seen.Count,
	}
	if has(bpf.MonitorCheckFlagsCHECK_PASS) {
		check.Verdict = trace.Pass
	}
	if !r.programs.Backend.SeesOpts {
		check.Audited = where.audited
	}
	event := Event{Time: r.bootTime.Add(first), UID: seen.Key.Uid, Cgroup: seen.Seen.Cgroup, Check: check}
	return event, check.Audited || r.config.Filter.All, nil
}
