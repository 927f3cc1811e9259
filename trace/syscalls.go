package trace

import (
	"fmt"

	"github.com/elastic/go-seccomp-bpf/arch"
)

// Syscalls knows the system calls of this machine by number.
type Syscalls struct {
	native, compat map[int]string
}

// NewSyscalls returns the tables of the architecture that capmon was built for.
func NewSyscalls() (Syscalls, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return Syscalls{}, fmt.Errorf("name system calls: %w", err)
	}
	names := Syscalls{native: info.SyscallNumbers, compat: arch.I386.SyscallNumbers}
	if info.ID == arch.AARCH64.ID {
		names.compat = arch.ARM.SyscallNumbers
	}
	return names, nil
}

// x32Bit marks a system call of the x32 table, which otherwise numbers as
// x86-64 does (arch/x86/include/uapi/asm/unistd.h).
const x32Bit = 1 << 30

// Name returns the name of the call, "" for the -1 that stands for none, and
// "syscall_N" for one that is not in the table.
func (n Syscalls) Name(nr int, compat bool) string {
	if nr < 0 {
		return ""
	}
	table := n.native
	if compat {
		table = n.compat
	}
	if name, ok := table[nr&^x32Bit]; ok {
		return name
	}
	return fmt.Sprintf("syscall_%d", nr)
}
