package trace_test

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

func ExampleCheck_Decisive() {
	check := trace.Check{Cap: caps.SysChroot, Verdict: trace.Fail, Syscall: "chroot", Returned: true, Return: -int64(unix.EPERM)}
	fmt.Println(check.Errno(), check.Decisive())
	check.Return = 0 // it was refused, and the call succeeded in another way
	fmt.Println(check.Decisive())
	// Output:
	// operation not permitted true
	// false
}

func ExampleAsker() {
	fmt.Println(trace.Asker([]string{"cap_capable", "security_capable", "ns_capable", "__x64_sys_chroot", "do_syscall_64"}))
	// Output: __x64_sys_chroot
}
