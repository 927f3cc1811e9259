// Package trace says what is known of a capability check of the kernel: who
// asked, for what, in which system call and by which way through the kernel.
// It makes no checks visible itself; the packages follow and monitor below it
// do, and return its types.
//
//	for _, c := range result.Checks {
//		if c.Decisive() {
//			fmt.Println(c.Process.Comm, "was refused", c.Cap, "in", c.Syscall)
//		}
//	}
package trace

import (
	"syscall"
	"time"

	"github.com/capmon/capmon/caps"
)

// Verdict is what a check answered.
type Verdict string

// The two verdicts.
const (
	Pass Verdict = "PASS"
	Fail Verdict = "FAIL"
)

// Scenario is one way of exercising a daemon, such as "start" and "serve".
type Scenario string

// Process is one process between two execs, as it was when it asked.
type Process struct {
	// PID is the thread group id in the pid namespace of capmon.
	PID int `json:"pid"`
	// PPID is its parent's when the process began.
	PPID int `json:"ppid"`
	// Comm is the task's name (at most 15 bytes, see proc(5)).
	Comm string `json:"comm"`
	// Exe is the path of the executable in its mount namespace; empty when
	// the process has not executed anything since capmon follows it, and from
	// a monitor.
	Exe string `json:"exe"`
}

// Check is a capability check of the kernel, and all its repeats: one for
// each process, capability, verdict, place in the kernel and result of the
// system call. A monitor hands over the repeats of each window by themselves.
type Check struct {
	Process Process `json:"process"`
	// Image is the index of the process in Trace.Images, -1 if it is not
	// there.
	Image   int      `json:"-"`
	Cap     caps.Cap `json:"capability"`
	Verdict Verdict  `json:"verdict"`

	// Audited: the caller did not pass CAP_OPT_NOAUDIT (linux/security.h).
	Audited bool `json:"audited"`
	// InitialNS: the check was made against the initial user namespace.
	InitialNS bool `json:"initial_user_namespace"`
	// OwnCreds: the check used the task's own credentials, not overridden
	// ones as access(2) and overlayfs use.
	OwnCreds bool `json:"own_credentials"`

	// Syscall is the name of the system call, "" outside of one (page
	// fault).
	Syscall string `json:"syscall"`
	// Argument is what a system call was about that the refusal made fail, by
	// its arguments: a path as it was given, the address of a socket,
	// "process 1". It is empty where it is not known, and from a monitor.
	Argument string `json:"argument"`
	// Returned: the system call was seen to come back; if not, Return means
	// nothing. A monitor does not see it: it would have to slow down every
	// system call of the machine.
	Returned bool `json:"returned"`
	// Return is what it returned, a negative errno for a failure.
	Return int64 `json:"return"`

	// Function is the kernel function that asked: the first above the
	// capability wrappers. Empty without a stack.
	Function string `json:"function"`
	// Stack is the kernel stack, innermost first, from the first function
	// that is not capmon's own hook. A monitor leaves it out.
	Stack []string `json:"stack"`

	// Scenario is the one of a daemon's scenarios in which it was made
	// (start, serve, reload or stop); "" where there is one only. Repeats in
	// another scenario are another Check.
	Scenario Scenario `json:"scenario"`

	// Call tells system calls apart: checks with the same number were first
	// made in one and the same call, and refusals among them are
	// alternatives.
	Call uint64 `json:"-"`
	// FailedAt is when the process ended in failure, since the attempt began;
	// 0 if it did not, or if a process that it had started failed as well, so
	// that its own end says nothing of this check.
	FailedAt time.Duration `json:"-"`
	// AtEnd: the process whose failure made the command fail first made this
	// check when nothing else was left for it to wait for. The package that
	// runs the command sets it; a trace knows of no failure.
	AtEnd bool `json:"-"`
	// First is when it was first made, since the attempt or the monitor began.
	First time.Duration `json:"first"`
	// Count is how often it was made.
	Count uint64 `json:"count"`
}

// Errno is the error with which the system call ended, 0 if it succeeded or
// did not return.
func (c Check) Errno() syscall.Errno {
	if !c.Returned || c.Return >= 0 || c.Return < -maxErrno {
		return 0
	}
	return syscall.Errno(-c.Return)
}

// maxErrno is MAX_ERRNO of linux/err.h.
const maxErrno = 4095

// Decisive says that the refusal is known to have had an effect: the system
// call ended with EPERM or EACCES, or the check was made while a netlink
// request was answered, whose refusal is in the answer and not in the call.
func (c Check) Decisive() bool {
	if c.Verdict != Fail {
		return false
	}
	return c.Errno() == syscall.EPERM || c.Errno() == syscall.EACCES || c.InNetlink()
}

// InNetlink says whether the check was made for a netlink request.
func (c Check) InNetlink() bool {
	for _, f := range c.Stack {
		if f == "netlink_rcv_skb" {
			return true
		}
	}
	return false
}
