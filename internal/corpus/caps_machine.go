package corpus

// sharedMemory is about memory that others use too, or that stays.
func sharedMemory() []Case {
	const (
		segment = "ipcmk -M 64 -p 600 | grep -o '[0-9]*$' >DIR/id"
		gone    = "ipcrm -m $(cat DIR/id) || true; rm DIR/id"
	)
	return []Case{
		{Name: "lock memory", Command: `ulimit -l 0; perl -e 'syscall(SYS_mlockall, 1) == 0 or die $!'`,
			Want: "cap_ipc_lock", Source: "mlock(2); mm/mlock.c: can_do_mlock"},
		{Name: "root's shared memory", Setup: segment, Cleanup: gone,
			// IPC_STAT is 2.
			Command: `perl -e '$b = "\0" x 256; shmctl(0 + $ARGV[0], 2, $b) or die $!' $(cat DIR/id)`,
			Want:    "cap_ipc_owner", Source: "shmctl(2); ipc/util.c: ipcperms"},
		{Name: "remove root's shared memory", Setup: segment, Cleanup: gone, Command: "ipcrm -m $(cat DIR/id)",
			Want: "cap_sys_admin", Source: "shmctl(2); ipc/util.c: ipcctl_obtain_check"},
	}
}

// machine is about what belongs to the machine as a whole.
func machine() []Case {
	return []Case{
		{Name: "host name", Command: `hostname "$(hostname)"`,
			Want: "cap_sys_admin", Source: "sethostname(2); kernel/sys.c: SYSCALL_DEFINE2(sethostname)"},
		{Name: "swap", Command: `perl -e '$f = "/nowhere"; syscall(SYS_swapoff, $f); die $! unless $!{ENOENT}'`,
			Want: "cap_sys_admin", Source: "swapoff(2); mm/swapfile.c: SYSCALL_DEFINE1(swapoff)"},
		{Name: "watch a file system",
			// FAN_CLASS_CONTENT is 4: decide on accesses.
			Command: `perl -e 'syscall(SYS_fanotify_init, 4, 0) >= 0 or die $!'`,
			Want:    "cap_sys_admin", Source: "fanotify_init(2); fs/notify/fanotify/fanotify_user.c"},
		{Name: "reboot", Command: `perl -e 'syscall(SYS_reboot, 0, 0, 0, 0); die $! unless $!{EINVAL}'`,
			Want: "cap_sys_boot", Source: "reboot(2): wrong magic numbers; kernel/reboot.c: SYSCALL_DEFINE4(reboot)"},
		{Name: "clock", Command: `perl -e 'syscall(SYS_settimeofday, 0, 0) == 0 or die $!'`,
			Want: "cap_sys_time", Source: "settimeofday(2): sets nothing; security/commoncap.c: cap_settime"},
		{Name: "discipline of the clock",
			// struct timex: ADJ_FREQUENCY (2) is set to what it is.
			Command: `perl -e '$t = "\0" x 208; syscall(SYS_adjtimex, $t) >= 0 or die $!; substr($t, 0, 4) = pack("L", 2); syscall(SYS_adjtimex, $t) >= 0 or die $!'`,
			Want:    "cap_sys_time", Source: "adjtimex(2); kernel/time/timekeeping.c: timekeeping_validate_timex"},
		{Name: "hang the terminal up", Command: `setsid -w perl -e 'syscall(SYS_vhangup) == 0 or die $!'`,
			Want: "cap_sys_tty_config", Source: "vhangup(2): in a session without a terminal; fs/open.c: SYSCALL_DEFINE0(vhangup)"},
		{Name: "timer that wakes",
			// CLOCK_BOOTTIME_ALARM is 9.
			Command: `perl -e 'syscall(SYS_timerfd_create, 9, 0) >= 0 or die $!'`,
			Want:    "cap_wake_alarm", Source: "timerfd_create(2); fs/timerfd.c: SYSCALL_DEFINE2(timerfd_create)"},
		{Name: "keep the machine awake", Want: "cap_block_suspend", On: Guest, Why: "without CONFIG_PM_SLEEP nobody asks",
			// EPOLLWAKEUP is 1 << 29, EPOLLIN is 1. Without the capability it is dropped without a word, as /proc shows.
			Command: `perl -e 'pipe R, W; $e = syscall(SYS_epoll_create1, 0); $ev = pack("Lx8", 1 << 29 | 1);
				syscall(SYS_epoll_ctl, $e, 1, fileno(R), $ev) == 0 or die $!;
				open F, "/proc/self/fdinfo/$e"; grep { /events: *([0-9a-f]+)/ && hex($1) >> 29 & 1 } <F> or die "dropped\n"'`,
			Source: "EPOLLWAKEUP in epoll_ctl(2); include/uapi/linux/eventpoll.h: ep_take_care_of_epollwakeup, fs/eventpoll.c"},
		{Name: "unload a module", Command: `perl -e '$n = "nowhere"; syscall(SYS_delete_module, $n, 0); die $! unless $!{ENOENT}'`,
			Want: "cap_sys_module", Source: "delete_module(2); kernel/module/main.c: SYSCALL_DEFINE2(delete_module)", On: Guest, Why: "a kernel without modules has no such call"},
		{Name: "load a module", Command: `perl -e '$n = ""; syscall(SYS_finit_module, -1, $n, 0); die $! unless $!{EBADF}'`,
			Want: "cap_sys_module", Source: "init_module(2); kernel/module/main.c: may_init_module", On: Guest, Why: "a kernel without modules has no such call"},
		{Name: "input and output ports", Command: `perl -e 'syscall(SYS_ioperm, 0x80, 1, 1) == 0 or die $!'`,
			Want: "cap_sys_rawio", Source: "ioperm(2); arch/x86/kernel/ioport.c: ksys_ioperm", On: Guest, Why: "a kernel without CONFIG_X86_IOPL_IOPERM has no such call"},
		{Name: "AppArmor's policy", Command: `perl -e 'open F, ">", "/sys/kernel/security/apparmor/.remove" or die $!; syswrite(F, "nowhere"); die $! unless $!{ENOENT}'`,
			User: "nobody:root",
			Want: "cap_mac_admin", Source: "capabilities(7); security/apparmor/policy.c: aa_policy_admin_capable, and aa_policy_view_capable, which asks for uid 0 or group 0", On: Guest, Why: "needs AppArmor"},
	}
}
