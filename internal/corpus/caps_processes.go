package corpus

// sleeper is a process of root's, whose id is in DIR/pid; awake ends it.
const (
	sleeper = "sleep 1000 & echo $! >DIR/pid"
	awake   = "kill $(cat DIR/pid); rm DIR/pid"
)

// processes are about other processes, and about limits.
func processes() []Case {
	return []Case{
		{Name: "signal root's process", Setup: sleeper, Cleanup: awake, Command: "kill -0 $(cat DIR/pid)",
			Want: "cap_kill", Source: "kill(2); kernel/signal.c: kill_ok_by_cred"},
		{Name: "namespace of root's process", Setup: sleeper, Cleanup: awake, Command: "readlink /proc/$(cat DIR/pid)/ns/uts",
			Want: "cap_sys_ptrace", Source: "namespaces(7), ptrace(2); kernel/ptrace.c: __ptrace_may_access"},
		{Name: "compare with root's process", Setup: sleeper, Cleanup: awake,
			// KCMP_VM is 1.
			Command: `perl -e 'syscall(SYS_kcmp, 0 + $$, 0 + $ARGV[0], 1, 0, 0) >= 0 or die $!' $(cat DIR/pid)`,
			Want:    "cap_sys_ptrace", Source: "kcmp(2), ptrace(2); kernel/ptrace.c: __ptrace_may_access"},
		{Name: "environment of root's process", Setup: sleeper, Cleanup: awake, Command: "cat /proc/$(cat DIR/pid)/environ",
			Want: "cap_dac_read_search,cap_perfmon", Since: "6.15",
			Source: "the file is root's; kernel/fork.c: may_access_mm takes CAP_PERFMON too for reading, of which proc(5) knows nothing yet"},
		{Name: "environment of root's process, older kernels", Setup: sleeper, Cleanup: awake, Command: "cat /proc/$(cat DIR/pid)/environ",
			Want: "cap_dac_read_search,cap_sys_ptrace", Before: "6.15",
			Source: "proc(5): the file is root's, and reading is governed by ptrace(2); fs/proc/base.c: environ_open"},
		{Name: "real-time priority", Command: "chrt -f 1 true",
			Want: "cap_sys_nice", Source: "sched(7); kernel/sched/syscalls.c: user_check_sched_setscheduler"},
		{Name: "be less nice", Command: "renice -n -5 -p $$",
			Want: "cap_sys_nice", Source: "setpriority(2); kernel/sched/syscalls.c: can_nice"},
		{Name: "processors of root's process", Setup: sleeper, Cleanup: awake, Command: "taskset -p 1 $(cat DIR/pid)",
			Want: "cap_sys_nice", Source: "sched_setaffinity(2); kernel/sched/syscalls.c: sched_setaffinity"},
		{Name: "real-time input and output", Command: "ionice -c 1 true",
			Want: "cap_sys_nice", Source: "ioprio_set(2): CAP_SYS_NICE or CAP_SYS_ADMIN; block/ioprio.c: ioprio_check_cap"},
		{Name: "raise a hard limit", Command: "ulimit -Hc 0; ulimit -Hc 1",
			Want: "cap_sys_resource", Source: "setrlimit(2); kernel/sys.c: do_prlimit", On: Guest, Why: noSysResource},
		{Name: "escape the OOM killer", Command: "echo -500 >/proc/self/oom_score_adj",
			Want: "cap_sys_resource", Source: "proc(5); fs/proc/base.c: __set_oom_adj", On: Guest, Why: noSysResource},
		{Name: "limits of root's process", Setup: sleeper, Cleanup: awake, Command: "prlimit --core --pid $(cat DIR/pid)",
			Want: "cap_sys_resource", Source: "prlimit(2); kernel/sys.c: check_prlimit_permission", On: Guest, Why: noSysResource},
		{Name: "accounting", Command: `perl -e 'syscall(SYS_acct, 0) == 0 or die $!'`,
			Want: "cap_sys_pacct", Source: "acct(2); kernel/acct.c: SYSCALL_DEFINE1(acct)"},
		{Name: "pages of a mapped file", Want: "cap_checkpoint_restore",
			Command: `perl -e 'opendir D, "/proc/self/map_files" or die $!; ($f) = grep { /-/ } readdir D;
				open F, "/proc/self/map_files/$f" or die $!'`,
			Source: "capabilities(7); fs/proc/base.c: proc_map_files_get_link"},
	}
}

const noSysResource = "root may lack it in a container, and does in the virtual machines of this project"

// identities are about the user and group that a process has, and about its
// capabilities.
func identities() []Case {
	return []Case{
		{Name: "another user", Command: "setpriv --reuid=daemon true",
			Want: "cap_setuid", Source: "setresuid(2); kernel/sys.c: __sys_setresuid"},
		{Name: "another group", Command: "setpriv --regid=daemon --keep-groups true",
			Want: "cap_setgid", Source: "setresgid(2); kernel/sys.c: __sys_setresgid"},
		{Name: "no groups", Command: "setpriv --clear-groups true",
			Want: "cap_setgid", Source: "setgroups(2); kernel/groups.c: may_setgroups"},
		{Name: "another user and group", Command: "setpriv --reuid=daemon --regid=daemon --clear-groups true",
			Want: "cap_setgid,cap_setuid", Source: "setresuid(2), setgroups(2)"},
		{Name: "less in the bounding set",
			// PR_CAPBSET_DROP is 24.
			Command: `perl -e 'syscall(SYS_prctl, 24, 0) == 0 or die $!'`,
			Want:    "cap_setpcap", Source: "PR_CAPBSET_DROP in prctl(2); security/commoncap.c: cap_prctl_drop"},
		{Name: "securebits",
			// PR_SET_SECUREBITS is 28, SECBIT_NO_SETUID_FIXUP is 4.
			Command: `perl -e 'syscall(SYS_prctl, 28, 4) == 0 or die $!'`,
			Want:    "cap_setpcap", Source: "capabilities(7); security/commoncap.c: cap_task_prctl"},
	}
}

// namespaces are about what a process sees of the system.
func namespaces() []Case {
	return []Case{
		{Name: "another root directory", Command: "chroot / true",
			Want: "cap_sys_chroot", Source: "chroot(2); fs/open.c: SYSCALL_DEFINE1(chroot)"},
		{Name: "own mounts", Command: "unshare -m true",
			Want: "cap_sys_admin", Source: "unshare(2); kernel/nsproxy.c: unshare_nsproxy_namespaces"},
		{Name: "mount", Setup: "mkdir DIR/d", Cleanup: "umount DIR/d 2>/dev/null; rmdir DIR/d",
			Command: `perl -e '$type = "tmpfs"; $d = "DIR/d"; syscall(SYS_mount, $type, $d, $type, 0, 0) == 0 or die $!'`,
			Want:    "cap_sys_admin", Source: "mount(2); fs/namespace.c: may_mount"},
		{Name: "enter the namespace of the host's name", Command: "nsenter --uts=/proc/self/ns/uts true",
			Want: "cap_sys_admin", Source: "setns(2); kernel/utsname.c: utsns_install"},
		{Name: "enter the mounts", Command: "nsenter --mount=/proc/self/ns/mnt true",
			Want: "cap_sys_admin,cap_sys_chroot", Source: "setns(2); fs/namespace.c: mntns_install"},
		{Name: "own user namespace", Command: "unshare -Uru hostname x",
			Want: "", Source: "user_namespaces(7): the capabilities of the new namespace do"},
	}
}
