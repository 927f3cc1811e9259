package backend

import (
	"bytes"
	"os"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
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

// setThreadSize tells the programs how large a kernel stack is: THREAD_SIZE of
// arch/x86/include/asm/page_64_types.h and arch/arm64/include/asm/memory.h.
func setThreadSize(spec *ebpf.CollectionSpec) error {
	return spec.Variables[bpf.MonitorVarThreadSize].Set(uint32(max(16<<10, os.Getpagesize())))
}
