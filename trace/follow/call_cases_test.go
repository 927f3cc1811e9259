package follow

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/internal/tracetest"
)

// The functions by which overcommit asks.
const overcommit = "security_vm_enough_memory_mm __vm_enough_memory cap_vm_enough_memory"

var callCases = []callCase{
	{
		name: "sethostname",
		call: func() error { return unix.Sethostname([]byte("x")) },
		want: []want{{cap: "CAP_SYS_ADMIN", verdict: trace.Fail, syscall: "sethostname", errno: unix.EPERM}},
	},
	{
		name: "chroot",
		call: func() error { return unix.Chroot(".") },
		want: []want{{cap: "CAP_SYS_CHROOT", verdict: trace.Fail, syscall: "chroot", errno: unix.EPERM}},
	},
	{
		name:    "chown",
		prepare: ownFile,
		call:    func() error { return unix.Fchownat(unix.AT_FDCWD, "own", 1, -1, 0) },
		want: []want{{cap: "CAP_CHOWN", verdict: trace.Fail, syscall: "fchownat", errno: unix.EPERM,
			function: "chown_ok setattr_prepare"}},
	},
	{
		name:    "chmod of a file of root's",
		prepare: rootFile,
		call:    func() error { return unix.Fchmodat(unix.AT_FDCWD, "secret", 0o644, 0) },
		want: []want{{cap: "CAP_FOWNER", verdict: trace.Fail, syscall: "fchmodat", errno: unix.EPERM,
			function: "inode_owner_or_capable setattr_prepare"}},
	},
	{
		// The call succeeds, and quietly does less.
		name: "chmod g+s of a file of another group",
		prepare: func(t *testing.T, dir string) {
			ownFile(t, dir)
			testenv.Must(t, os.Chown(dir+"/own", nobody, 1))
		},
		call: func() error { return unix.Fchmodat(unix.AT_FDCWD, "own", 0o2755, 0) },
		want: []want{
			{cap: "CAP_FSETID", verdict: trace.Fail, syscall: "fchmodat", indecisive: true,
				function: "setattr_prepare in_group_or_capable"},
			{cap: "CAP_FSETID", verdict: trace.Fail, syscall: "fchmodat", indecisive: true, sometimes: true,
				function: "setattr_copy in_group_or_capable mode_strip_sgid"},
		},
	},
	{
		name: "setuid",
		call: func() error { return raw(unix.SYS_SETUID, 0) },
		want: []want{{cap: "CAP_SETUID", verdict: trace.Fail, syscall: "setuid", errno: unix.EPERM}},
	},
	{
		name: "setgid",
		call: func() error { return raw(unix.SYS_SETGID, 0) },
		want: []want{{cap: "CAP_SETGID", verdict: trace.Fail, syscall: "setgid", errno: unix.EPERM}},
	},
	{
		name: "nice",
		call: func() error { return unix.Setpriority(unix.PRIO_PROCESS, 0, -5) },
		want: []want{{cap: "CAP_SYS_NICE", verdict: trace.Fail, syscall: "setpriority", errno: unix.EACCES,
			function: "can_nice set_one_prio __x64_sys_setpriority __do_sys_setpriority"}},
	},
	{
		name:    "open a file of root's",
		prepare: rootFile,
		call: func() error {
			_, err := unix.Openat(unix.AT_FDCWD, "secret", unix.O_RDONLY, 0)
			return err
		},
		want: []want{
			{cap: "CAP_DAC_READ_SEARCH", verdict: trace.Fail, syscall: "openat", errno: unix.EACCES, function: "generic_permission"},
			{cap: "CAP_DAC_OVERRIDE", verdict: trace.Fail, syscall: "openat", errno: unix.EACCES, function: "generic_permission"},
		},
	},
	{
		name: "dmesg",
		call: func() error {
			_, err := unix.Klogctl(unix.SYSLOG_ACTION_READ_CLEAR, make([]byte, 10))
			return err
		},
		want: []want{
			{cap: "CAP_SYSLOG", verdict: trace.Fail, syscall: "syslog", errno: unix.EPERM, function: "check_syslog_permissions do_syslog"},
			{cap: "CAP_SYS_ADMIN", verdict: trace.Fail, syscall: "syslog", errno: unix.EPERM, function: "check_syslog_permissions do_syslog", sometimes: true},
		},
	},
	{
		name: "packet socket",
		call: func() error {
			_, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
			return err
		},
		want: []want{{cap: "CAP_NET_RAW", verdict: trace.Fail, syscall: "socket", errno: unix.EPERM, function: "packet_create"}},
	},
	{
		name: "raw socket",
		call: func() error {
			_, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
			return err
		},
		want: []want{{cap: "CAP_NET_RAW", verdict: trace.Fail, syscall: "socket", errno: unix.EPERM, function: "inet_create"}},
	},
	{
		name:    "bind to port 80",
		prepare: func(t *testing.T, _ string) { tracetest.SysctlIs(t, "net/ipv4/ip_unprivileged_port_start", "1024") },
		call: func() error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
			if err != nil {
				return err
			}
			return unix.Bind(fd, &unix.SockaddrInet4{Port: 80})
		},
		want: []want{{cap: "CAP_NET_BIND_SERVICE", verdict: trace.Fail, syscall: "bind", errno: unix.EACCES, function: "__inet_bind"}},
	},
	{
		name: "SO_RCVBUFFORCE",
		call: func() error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
			if err != nil {
				return err
			}
			return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 1<<20)
		},
		want: []want{{cap: "CAP_NET_ADMIN", verdict: trace.Fail, syscall: "setsockopt", errno: unix.EPERM,
			function: "sk_setsockopt sock_setsockopt"}},
	},
	{
		name: "mknod",
		call: func() error { return unix.Mknodat(unix.AT_FDCWD, "node", unix.S_IFCHR|0o666, 0x103) },
		want: []want{{cap: "CAP_MKNOD", verdict: trace.Fail, syscall: "mknodat", errno: unix.EPERM, function: "vfs_mknod"}},
	},
	{
		name: "mount",
		call: func() error { return unix.Mount("none", ".", "tmpfs", 0, "") },
		want: []want{{cap: "CAP_SYS_ADMIN", verdict: trace.Fail, syscall: "mount", errno: unix.EPERM, function: "may_mount path_mount"}},
	},
	{
		name: "a signal to a process of root's",
		call: func() error { return unix.Kill(os.Getppid(), 0) },
		want: []want{{cap: "CAP_KILL", verdict: trace.Fail, syscall: "kill", errno: unix.EPERM,
			function: "kill_ok_by_cred check_kill_permission"}},
	},
	{
		name: "a limit above the hard one",
		call: func() error {
			lower := unix.Rlimit{Cur: 10, Max: 10}
			if err := unix.Prlimit(0, unix.RLIMIT_MSGQUEUE, &lower, nil); err != nil {
				return err
			}
			return unix.Prlimit(0, unix.RLIMIT_MSGQUEUE, &unix.Rlimit{Cur: 10, Max: 11}, nil)
		},
		want: []want{{cap: "CAP_SYS_RESOURCE", verdict: trace.Fail, syscall: "prlimit64", errno: unix.EPERM,
			function: "do_prlimit __x64_sys_prlimit64 __do_sys_prlimit64"}},
	},
	{
		name: "the clock",
		call: func() error { return unix.ClockSettime(unix.CLOCK_REALTIME, &unix.Timespec{}) },
		want: []want{{cap: "CAP_SYS_TIME", verdict: trace.Fail, syscall: "clock_settime", errno: unix.EPERM, function: "cap_settime"}},
	},
	{
		name: "ptrace of a process of root's",
		call: func() error { return unix.PtraceSeize(os.Getppid()) },
		want: []want{{cap: "CAP_SYS_PTRACE", verdict: trace.Fail, syscall: "ptrace", errno: unix.EPERM,
			function: "ptrace_has_cap __ptrace_may_access"}},
	},
	{
		name: "the executable of a process of root's",
		call: func() error {
			_, err := unix.Readlinkat(unix.AT_FDCWD, procFile("exe"), make([]byte, 100))
			return err
		},
		want: []want{{cap: "CAP_SYS_PTRACE", verdict: trace.Fail, syscall: "readlinkat", errno: unix.EACCES,
			function: "ptrace_has_cap __ptrace_may_access"}},
	},
	{
		// Shows less, and does not fail.
		name: "the state of a process of root's",
		call: func() error {
			fd, err := unix.Openat(unix.AT_FDCWD, procFile("stat"), unix.O_RDONLY, 0)
			if err != nil {
				return err
			}
			_, err = unix.Pread(fd, make([]byte, 1000), 0)
			return err
		},
		want: []want{{cap: "CAP_SYS_PTRACE", verdict: trace.Fail, syscall: "pread64", unaudited: true, indecisive: true,
			function: "ptrace_has_cap __ptrace_may_access"}},
	},
	{
		name: "a seccomp filter",
		call: func() error {
			filter := unix.SockFilter{Code: unix.BPF_RET, K: unix.SECCOMP_RET_ALLOW}
			prog := unix.SockFprog{Len: 1, Filter: &filter}
			return raw(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog)))
		},
		want: []want{{cap: "CAP_SYS_ADMIN", verdict: trace.Fail, syscall: "seccomp", errno: unix.EACCES, unaudited: true,
			function: "seccomp_prepare_filter seccomp_set_mode_filter do_seccomp"}},
	},
	{
		// Not by the test binary: the eBPF library in it does so as well.
		name:    "bpf",
		prepare: func(t *testing.T, _ string) { tracetest.SysctlIs(t, "kernel/unprivileged_bpf_disabled", "1", "2") },
		program: perl(fmt.Sprintf(`syscall(%d, %d, $attr = pack("L4x112", 2, 4, 4, 1), 16)`, unix.SYS_BPF, unix.BPF_MAP_CREATE)),
		want: []want{
			{cap: "CAP_BPF", verdict: trace.Fail, syscall: "bpf", errno: unix.EPERM, function: "__sys_bpf __do_sys_bpf map_create"},
			{cap: "CAP_SYS_ADMIN", verdict: trace.Fail, syscall: "bpf", errno: unix.EPERM, function: "__sys_bpf __do_sys_bpf map_create"},
		},
	},
	{
		// Refused unaudited, and the file can be opened all the same. Not by
		// the test binary: Go's runtime may open what it may not read.
		name:    "open /proc/kallsyms",
		program: perl(`open(F, "<", "/proc/kallsyms") or die $!`),
		want: []want{{cap: "CAP_SYSLOG", verdict: trace.Fail, syscall: "openat", unaudited: true, indecisive: true,
			function: "kallsyms_show_value"}},
	},
	{
		// The refusal is in the answer, and the call that asks succeeds.
		name: "a netlink request",
		call: setLoopbackMTU,
		want: []want{{cap: "CAP_NET_ADMIN", verdict: trace.Fail, syscall: "sendto", function: "rtnetlink_rcv_msg"}},
	},
	{
		name: "overcommit",
		call: func() error {
			_, err := unix.MmapPtr(-1, 0, nil, 1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err != nil {
				return err
			}
			return raw(unix.SYS_MREMAP, 0, 1, 1)
		},
		want: []want{{cap: "CAP_SYS_ADMIN", verdict: trace.Fail, syscall: "mmap", unaudited: true, indecisive: true, inlined: true, function: overcommit}},
	},
	{
		// access(2) asks for the real user, who differs from the effective.
		name:    "access",
		root:    true,
		prepare: rootFile,
		call: func() error {
			runtime.LockOSThread()
			if err := raw(unix.SYS_SETRESUID, nobody, 0, 0); err.Error() != "succeeded" {
				return err
			}
			return unix.Faccessat(unix.AT_FDCWD, "secret", unix.R_OK, 0)
		},
		want: []want{
			{cap: "CAP_DAC_READ_SEARCH", verdict: trace.Fail, syscall: "faccessat", errno: unix.EACCES, otherCreds: true, function: "generic_permission"},
			{cap: "CAP_DAC_OVERRIDE", verdict: trace.Fail, syscall: "faccessat", errno: unix.EACCES, otherCreds: true, function: "generic_permission"},
		},
	},
	{
		name: "a page at address 0",
		call: func() error {
			_, err := unix.MmapPtr(-1, 0, nil, 4096, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_FIXED)
			return err
		},
		want: []want{{cap: "CAP_SYS_RAWIO", verdict: trace.Fail, syscall: "mmap", errno: unix.EPERM, function: "cap_mmap_addr security_mmap_addr"}},
	},
	{
		name: "securebits",
		call: func() error { return unix.Prctl(unix.PR_SET_SECUREBITS, 1, 0, 0, 0) },
		want: []want{{cap: "CAP_SETPCAP", verdict: trace.Fail, syscall: "prctl", errno: unix.EPERM, function: "cap_task_prctl security_task_prctl"}},
	},
	{
		name: "drop from the bounding set",
		call: func() error { return unix.Prctl(unix.PR_CAPBSET_DROP, 1, 0, 0, 0) },
		want: []want{{cap: "CAP_SETPCAP", verdict: trace.Fail, syscall: "prctl", errno: unix.EPERM, function: "cap_task_prctl"}},
	},
	{
		name: "capset",
		call: func() error {
			header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
			data := [2]unix.CapUserData{{Inheritable: 1}}
			return unix.Capset(&header, &data[0])
		},
		want: []want{{cap: "CAP_SETPCAP", verdict: trace.Fail, syscall: "capset", errno: unix.EPERM, function: "cap_capset security_capset"}},
	},
	{
		name: "a user namespace of one's own",
		call: func() error {
			c := exec.Command("/proc/self/exe", "sethostname")
			c.SysProcAttr = &syscall.SysProcAttr{
				Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWUTS,
				UidMappings: []syscall.SysProcIDMap{{HostID: nobody, Size: 1}},
			}
			return c.Run()
		},
		want: []want{{cap: "CAP_SYS_ADMIN", verdict: trace.Pass, syscall: "sethostname", otherNS: true}},
	},
	{
		name: "what root may",
		root: true,
		call: func() error { return raw(unix.SYS_SETHOSTNAME, 0, ^uintptr(0)) },
		want: []want{{cap: "CAP_SYS_ADMIN", verdict: trace.Pass, syscall: "sethostname", errno: unix.EINVAL}},
	},
}

// setLoopbackMTU is "ip link set lo mtu 1500".
func setLoopbackMTU() error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	var request struct {
		header unix.NlMsghdr
		link   unix.IfInfomsg
		mtu    unix.RtAttr
		value  uint32
	}
	request.header = unix.NlMsghdr{Len: uint32(unsafe.Sizeof(request)), Type: unix.RTM_SETLINK, Flags: unix.NLM_F_REQUEST}
	request.link.Index = 1
	request.mtu = unix.RtAttr{Len: 8, Type: unix.IFLA_MTU}
	request.value = 1500
	b := unsafe.Slice((*byte)(unsafe.Pointer(&request)), unsafe.Sizeof(request))
	return unix.Sendto(fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
}

// procFile is a file in /proc of the process that runs the tests.
func procFile(name string) string { return fmt.Sprintf("/proc/%d/%s", os.Getppid(), name) }
