package executor

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// signals is how many there are (_NSIG in linux/signal.h).
const signals = 64

// sigaction is struct kernel_sigaction: a handler, which is SIG_DFL or SIG_IGN
// here, flags, a restorer and a mask.
type sigaction struct{ handler, flags, restorer, mask uint64 }

// resetSignals gives every signal its default disposition, except SIGPIPE,
// which is ignored (IgnoreSIGPIPE= of systemd.exec(5)). What capmon was started
// with as ignored, as by nohup(1), is not the service's.
func resetSignals() {
	const ignore = 1 // SIG_IGN
	for number := uintptr(1); number <= signals; number++ {
		var action sigaction
		if number == uintptr(unix.SIGPIPE) {
			action.handler = ignore
		}
		// SIGKILL and SIGSTOP are refused.
		_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, number, uintptr(unsafe.Pointer(&action)), 0, signals/8, 0, 0)
	}
}
