package trace

import (
	"time"

	"golang.org/x/sys/unix"
)

// monotonic is the time that bpf_ktime_get_ns() counts in.
func monotonic() time.Duration {
	var ts unix.Timespec
	// Cannot fail: the clock exists and the pointer is good.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return time.Duration(ts.Nano())
}
