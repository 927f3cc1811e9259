package launch

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// guardTerminal keeps a command from typing into the terminal that it is
// given, and so into the shell of whoever called capmon: ioctl_tty(2), TIOCSTI
// and, on a console, TIOCLINUX. Kernels since 6.2 may forbid that by
// themselves (dev.tty.legacy_tiocsti), but not to CAP_SYS_ADMIN.
//
// It works by a seccomp filter, which takes no_new_privs or CAP_SYS_ADMIN.
// Where a caller without privileges runs a command as itself, it has neither,
// and the command gains nothing by the terminal.
func (s wireSpec) guardTerminal() error {
	filter := injectionFilter()
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
	if err == unix.EACCES && (!s.SetID || s.hasUser()) && !s.SetGrant {
		return nil
	}
	if err != nil {
		return &SetupError{Step: "guard terminal", Err: err}
	}
	return nil
}

// ioctls are the numbers of ioctl(2) in the tables of system calls that one
// machine can have, by the architecture that seccomp(2) names.
var ioctls = []struct{ arch, number uint32 }{
	{unix.AUDIT_ARCH_X86_64, 16},
	{unix.AUDIT_ARCH_X86_64, 0x40000000 | 514}, // x32
	{unix.AUDIT_ARCH_I386, 54},
	{unix.AUDIT_ARCH_AARCH64, 29},
	{unix.AUDIT_ARCH_ARM, 54},
}

// injectionFilter refuses with EPERM both ioctls, and allows all else.
func injectionFilter() []unix.SockFilter {
	// struct seccomp_data (linux/seccomp.h); the command is an int, so the
	// low half of the argument decides, on these little-endian machines.
	const number, arch, command = 0, 4, 16 + 8
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	unless := func(value uint32, equal, other uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: equal, Jf: other, K: value}
	}
	answer := func(value uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: value}
	}
	var filter []unix.SockFilter
	for _, ioctl := range ioctls {
		filter = append(filter,
			load(arch), unless(ioctl.arch, 0, 6),
			load(number), unless(ioctl.number, 0, 4),
			load(command), unless(unix.TIOCSTI, 1, 0), unless(tioclinux, 0, 1),
			answer(unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM)))
	}
	return append(filter, answer(unix.SECCOMP_RET_ALLOW))
}

// tioclinux is TIOCLINUX of asm-generic/ioctls.h.
const tioclinux = 0x541C
