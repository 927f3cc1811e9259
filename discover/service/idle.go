package service

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	// idleFor is how long no process of a service must have done anything
	// for it to count as started.
	idleFor = 400 * time.Millisecond
	// idleWithin is when one that never rests counts as started.
	idleWithin = 3 * time.Second
)

// awaitIdle waits until no process of the service has used the processor for a
// while: then it has done what it does at its start, and waits for work. It
// returns false when the service is over.
func awaitIdle(ctx context.Context, over <-chan struct{}, pids func() []int) (bool, error) {
	began := time.Now()
	last, since := "", began
	for {
		state, busy := activity(pids())
		if busy || state != last {
			last, since = state, time.Now()
		}
		if time.Since(since) >= idleFor || time.Since(began) >= idleWithin {
			return true, nil
		}
		select {
		case <-over:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(poll):
		}
	}
}

// activity is a text that changes when one of the processes starts, ends or
// uses the processor, and whether one is about to.
func activity(pids []int) (state string, busy bool) {
	var b strings.Builder
	for _, pid := range pids {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			continue
		}
		// proc_pid_stat(5), from field 3 on; utime and stime are 14 and 15.
		text := string(stat)
		fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
		if len(fields) < 13 {
			continue
		}
		b.WriteString(strconv.Itoa(pid) + ":" + fields[11] + ":" + fields[12] + " ")
		busy = busy || fields[0] == "R" || fields[0] == "D"
	}
	return b.String(), busy
}
