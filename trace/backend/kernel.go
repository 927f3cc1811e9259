package backend

import (
	"bytes"
	"time"

	"golang.org/x/sys/unix"
)

// Monotonic is the time that bpf_ktime_get_ns() counts in.
func Monotonic() time.Duration {
	var ts unix.Timespec
	// Cannot fail: the clock exists and the pointer is good.
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return time.Duration(ts.Nano())
}

// Text is the string in a C array.
func Text(chars []int8) string {
	b := make([]byte, len(chars))
	for i, c := range chars {
		b[i] = byte(c)
	}
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}
