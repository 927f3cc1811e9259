package corpus

// observation is about looking into the kernel.
func observation() []Case {
	// union bpf_attr, of BPF_PROG_LOAD: the type, two instructions (r0 = 0; exit), the licence and no log.
	const load = `perl -e '$i = pack("CCsl", 0xb7, 0, 0, 0) . pack("CCsl", 0x95, 0, 0, 0); $l = "GPL\0";
		$a = pack("LLPP", $ARGV[0], 2, $i, $l) . "\0" x 96; syscall(SYS_bpf, 5, $a, 120) >= 0 or die $!' `
	const paranoid = "/proc/sys/kernel/perf_event_paranoid"
	// struct perf_event_attr: PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, nothing excluded.
	const profile = `perl -e '$a = pack("LLQ", 1, 112, 0) . "\0" x 96; syscall(SYS_perf_event_open, $a, 0, -1, -1, 0) >= 0 or die $!'`
	return []Case{
		{Name: "kernel log", Command: "dmesg",
			Want: "cap_syslog", Source: "syslog(2); kernel/printk/printk.c: check_syslog_permissions"},
		{Name: "kernel addresses", Command: `grep -qv '^0000000000000000' /proc/kallsyms`,
			Want: "cap_syslog", Source: "kptr_restrict in proc(5): zeros without it, and no error; kernel/ksyms_common.c: kallsyms_show_value, which does not audit"},
		{Name: "profile the kernel", Command: profile,
			Setup:   "cat " + paranoid + " >DIR/level; echo 2 >" + paranoid,
			Cleanup: "cat DIR/level >" + paranoid,
			Want:    "cap_perfmon", Source: "perf_event_open(2), at level 2; include/linux/perf_event.h: perf_allow_kernel"},
		{Name: "profile the kernel, by Debian's default", Command: profile,
			Want: "cap_sys_admin", Source: "at level 3, which Debian's kernels add, SYSCALL_DEFINE5(perf_event_open) asks for CAP_SYS_ADMIN alone",
			On: Guest, Why: "is about Debian's kernels"},
		{Name: "eBPF map",
			// BPF_MAP_TYPE_ARRAY with one entry of four bytes.
			Command: `perl -e '$a = pack("LLLLL", 2, 4, 4, 1, 0) . "\0" x 100; syscall(SYS_bpf, 0, $a, 120) >= 0 or die $!'`,
			Want:    "cap_bpf", Source: "bpf(2); kernel/bpf/syscall.c: map_create"},
		{Name: "eBPF socket filter", Command: load + "1",
			Want: "cap_bpf", Source: "bpf(2); kernel/bpf/syscall.c: bpf_prog_load"},
		{Name: "eBPF traffic classifier", Command: load + "3",
			Want: "cap_bpf,cap_net_admin", Source: "capabilities(7): or CAP_SYS_ADMIN; kernel/bpf/syscall.c: bpf_prog_load, is_net_admin_prog_type"},
		{Name: "eBPF tracepoint", Command: load + "5",
			Want: "cap_bpf,cap_perfmon", Source: "capabilities(7): or CAP_SYS_ADMIN; kernel/bpf/syscall.c: bpf_prog_load, is_perfmon_prog_type"},
		{Name: "list eBPF programs",
			// BPF_PROG_GET_NEXT_ID after the last one there can be: ENOENT.
			Command: `perl -e '$a = pack("LLL", 0x7ffffffe, 0, 0) . "\0" x 108; syscall(SYS_bpf, 11, $a, 120); die $! unless $!{ENOENT}'`,
			Want:    "cap_sys_admin", Source: "bpf(2); kernel/bpf/syscall.c: bpf_obj_get_next_id"},
	}
}

// audit is about the kernel's audit log.
func audit() []Case {
	// NETLINK_AUDIT is 9. The answer is an error, 0 if all is well, or what was asked for.
	const send = `socket(S, 16, 3, 9) or die $!; send(S, pack("LSSLLa16", 32, $t, 5, 1, 0, "capmon"), 0) or die $!;
		recv(S, $r, 8192, 0); ($type, $e) = unpack("x4Sx10l", $r); die "refused: $e\n" if $type == 2 && $e'`
	return []Case{
		{Name: "write to the audit log",
			// AUDIT_USER; while auditing is off it is thrown away.
			Command: `perl -e '$t = 1005; ` + send,
			Want:    "cap_audit_write", Source: "capabilities(7); kernel/audit.c: audit_netlink_ok"},
		{Name: "state of auditing",
			// AUDIT_GET.
			Command: `perl -e '$t = 1000; ` + send,
			Want:    "cap_audit_control", Source: "capabilities(7); kernel/audit.c: audit_netlink_ok"},
		{Name: "read the audit log",
			// AUDIT_NLGRP_READLOG is 1.
			Command: `perl -e 'socket(S, 16, 3, 9) or die $!; bind(S, pack("SSLL", 16, 0, 0, 1)) or die $!'`,
			Want:    "cap_audit_read", Source: "capabilities(7); kernel/audit.c: audit_multicast_bind"},
	}
}

// several need more than one capability, or are refused some in vain.
func several() []Case {
	return []Case{
		{Name: "nothing", Command: "true", Want: "", Source: "true(1)"},
		{Name: "three in turn", Setup: own, Cleanup: remove,
			Command: "chown daemon DIR/f && cat /etc/shadow && chroot / true",
			Want:    "cap_chown,cap_dac_read_search,cap_sys_chroot", Source: "capabilities(7)"},
		{Name: "two in vain, the third counts", Setup: roots, Cleanup: remove,
			Command: "chown daemon DIR/f; cat DIR/f; chroot / true",
			Want:    "cap_sys_chroot", Source: "capabilities(7)"},
		{Name: "mode of root's file with set-group-ID", Setup: "touch DIR/f; chown root:daemon DIR/f", Cleanup: remove,
			Command: "chmod 2755 DIR/f", Check: "test -g DIR/f",
			Want: "cap_fowner,cap_fsetid", Source: "chmod(2); fs/attr.c: setattr_prepare"},
		{Name: "copy with owner", Setup: roots + "; mkdir -m 777 DIR/d", Cleanup: "rm -rf DIR/f DIR/d",
			Command: "cp -p DIR/f DIR/d/f", Check: "test $(stat -c %U DIR/d/f) = root",
			Want: "cap_chown,cap_dac_read_search,cap_fowner", Source: "chown(2); after it the file is root's, and its times and mode are no longer its maker's to set"},
		{Name: "another root directory, another user", Command: "chroot --userspec=daemon:daemon / true",
			Want: "cap_setgid,cap_setuid,cap_sys_chroot", Source: "chroot(2), setgroups(2), setuid(2)"},
	}
}
