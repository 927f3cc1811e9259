package meaning

import "github.com/capmon/capmon/caps"

// words make a list of system calls or functions.
func words(list ...string) []string { return list }

// meanings are by capability. The functions are those of Linux 6.1 to 6.18.
var meanings = map[caps.Cap]Meaning{
	caps.Chown: {
		Allows:    "Gives files to any user and group.",
		Root:      "It takes /etc/shadow, or a program that root runs, and changes it.",
		Instead:   "Create the files as the user who is to own them, or let install(1) do it when the package is installed.",
		Calls:     words("chown", "fchown", "lchown", "fchownat"),
		Functions: words("setattr_prepare", "chown_ok"),
	},
	caps.DACOverride: {
		Allows:    "Reads, writes and executes files whatever their permissions say, and changes any directory.",
		Root:      "It writes to /etc/shadow or to a program that root runs.",
		Instead:   "CAP_DAC_READ_SEARCH for reading alone; a group, or an ACL (setfacl(1)), for a few files.",
		Calls:     words("open", "openat", "creat", "mkdir", "unlink", "rename", "link", "symlink", "connect", "execve", "access"),
		Functions: words("generic_permission", "capable_wrt_inode_uidgid"),
	},
	caps.DACReadSearch: {
		Allows:    "Reads files and searches directories whatever their permissions say; opens files by handle.",
		Root:      "It reads root's keys and passwords, and by open_by_handle_at(2) leaves a container.",
		Instead:   "A group, or an ACL (setfacl(1)), for the files that are needed.",
		Calls:     words("open", "openat", "stat", "newfstatat", "open_by_handle_at", "linkat"),
		Functions: words("generic_permission"),
	},
	caps.Fowner: {
		Allows:    "Does to any file what its owner may: mode, times, ACLs, attributes; deletes from directories with the sticky bit.",
		Root:      "It makes /etc/shadow, or a program that root runs, writable for all.",
		Instead:   "Run as the owner of the files.",
		Calls:     words("chmod", "fchmod", "utimensat", "setxattr", "unlink", "rename", "open"),
		Functions: words("inode_owner_or_capable", "setattr_prepare", "__check_sticky"),
	},
	caps.Fsetid: {
		Allows:    "Keeps the set-user-ID and set-group-ID bits of a file that is changed; sets the latter for a group that one is not in.",
		Root:      "It writes to a set-group-ID program that keeps its bit.",
		Calls:     words("chmod", "chown", "write", "open"),
		Functions: words("setattr_prepare", "inode_init_owner", "setattr_should_drop_sgid"),
	},
	caps.Kill: {
		Allows:    "Sends signals to processes of any user.",
		Instead:   "Run as the user of those processes. A service whose main process changes its user needs it for ExecReload=/bin/kill: send the signal as that user.",
		Calls:     words("kill", "tkill", "tgkill", "pidfd_send_signal", "rt_sigqueueinfo"),
		Functions: words("check_kill_permission", "kill_ok_by_cred"),
	},
	caps.SetGID: {
		Allows:    "Becomes any group; writes group id maps of user namespaces.",
		Root:      "It becomes a group that may read disks or keys: disk, shadow, docker.",
		Instead:   "Start it in the group that it is to have: Group= and SupplementaryGroups= of a unit.",
		Calls:     words("setgid", "setregid", "setresgid", "setfsgid", "setgroups"),
		Functions: words("__sys_setgid", "__sys_setregid", "__sys_setresgid", "may_setgroups", "__do_sys_setgroups"),
	},
	caps.SetUID: {
		Allows:    "Becomes any user; writes user id maps of user namespaces.",
		Root:      "It becomes uid 0, which owns all that root owns.",
		Instead:   "Start it as the user that it is to be: User= of a unit.",
		Calls:     words("setuid", "setreuid", "setresuid", "setfsuid"),
		Functions: words("__sys_setuid", "__sys_setreuid", "__sys_setresuid"),
	},
	caps.SetPCap: {
		Allows:    "Drops capabilities from the bounding set, adds inheritable ones, changes the secure bits.",
		Root:      "Over other processes it had power until Linux 2.6.24; today it adds only what the bounding set holds.",
		Instead:   "Nothing, mostly: programs ask for it when they give capabilities up, and go on without.",
		Calls:     words("prctl", "capset"),
		Functions: words("cap_capset", "cap_task_prctl", "cap_inh_is_capped"),
	},
	caps.LinuxImmutable: {
		Allows:    "Sets and clears the attributes immutable and append-only of files (chattr(1)).",
		Calls:     words("ioctl"),
		Functions: words("fileattr_set_prepare", "vfs_fileattr_set"),
	},
	caps.NetBindService: {
		Allows:    "Binds sockets to ports below 1024.",
		Instead:   "Sockets that systemd passes (a .socket unit), or net.ipv4.ip_unprivileged_port_start.",
		Calls:     words("bind"),
		Functions: words("__inet_bind", "__inet6_bind"),
	},
	caps.NetBroadcast: {
		Allows: "Nothing: no kernel asks for it.",
	},
	caps.NetAdmin: {
		Allows:    "Configures interfaces, addresses, routes, firewalls, tunnels and traffic control; sets privileged socket options.",
		Instead:   "A network namespace of its own. A refused setsockopt (SO_RCVBUFFORCE, SO_PRIORITY, SO_MARK) is mostly gone on without.",
		Calls:     words("ioctl", "sendto", "sendmsg", "setsockopt", "bpf"),
		Functions: words("netlink_ns_capable", "netlink_net_capable", "rtnetlink_rcv_msg", "sk_setsockopt", "dev_ioctl"),
	},
	caps.NetRaw: {
		Allows:    "Opens raw and packet sockets, which send and receive anything.",
		Instead:   "For ping: net.ipv4.ping_group_range. Otherwise a network namespace of its own.",
		Calls:     words("socket", "setsockopt"),
		Functions: words("inet_create", "inet6_create", "packet_create"),
	},
	caps.IPCLock: {
		Allows:    "Locks memory beyond RLIMIT_MEMLOCK; uses huge pages by shmget(2).",
		Instead:   "A higher limit: LimitMEMLOCK= of a unit.",
		Calls:     words("mlock", "mlock2", "mlockall", "mmap", "shmctl"),
		Functions: words("can_do_mlock", "__do_sys_mlockall"),
	},
	caps.IPCOwner: {
		Allows:    "Passes the permissions of System V IPC objects.",
		Root:      "It writes to memory that processes of root share.",
		Instead:   "Run as the user or group of the objects.",
		Calls:     words("msgctl", "semctl", "shmctl", "msgget", "shmat"),
		Functions: words("ipcperms"),
	},
	caps.SysModule: {
		Allows:    "Loads and unloads kernel modules.",
		Root:      "A module is the kernel.",
		Instead:   "Load the module when the machine starts (modules-load.d(5)).",
		Calls:     words("init_module", "finit_module", "delete_module"),
		Functions: words("may_init_module", "__do_sys_delete_module"),
	},
	caps.SysRawIO: {
		Allows:    "Uses I/O ports, /dev/mem and raw commands of devices.",
		Root:      "It reads and writes physical memory and disks.",
		Calls:     words("iopl", "ioperm", "ioctl", "mmap", "open"),
		Functions: words("__do_sys_iopl", "ksys_ioperm", "open_port", "cap_mmap_addr"),
	},
	caps.SysChroot: {
		Allows:    "Changes the root directory; enters mount namespaces, with CAP_SYS_ADMIN.",
		Root:      "With a set-user-ID program in a directory that it has prepared, it decides which libraries and passwords that reads.",
		Instead:   "RootDirectory= of a unit, or a mount namespace that is set up from outside.",
		Calls:     words("chroot", "setns"),
		Functions: words("__x64_sys_chroot", "__arm64_sys_chroot", "mntns_install"),
	},
	caps.SysPtrace: {
		Allows:    "Traces any process, reads and writes its memory, looks into its /proc directory.",
		Root:      "It puts its own code into a process of root's.",
		Instead:   "CAP_PERFMON for profiling; to run as the same user, and kernel.yama.ptrace_scope.",
		Calls:     words("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd", "readlink"),
		Functions: words("ptrace_has_cap", "cap_ptrace_access_check", "__ptrace_may_access"),
	},
	caps.SysPacct: {
		Allows:    "Switches process accounting on and off.",
		Calls:     words("acct"),
		Functions: words("__do_sys_acct"),
	},
	caps.SysAdmin: {
		Allows:    "Mounts, namespaces, quotas, swap, host names, and what nobody has given a capability of its own.",
		Root:      "It is the new root: it mounts over whatever root trusts.",
		Instead:   "CAP_BPF, CAP_PERFMON, CAP_SYSLOG and CAP_CHECKPOINT_RESTORE do parts of it; a user namespace does others.",
		Calls:     words("mount", "umount2", "unshare", "setns", "sethostname", "swapon", "quotactl", "ioctl", "bpf", "clone"),
		Functions: words("may_mount", "path_mount", "create_new_namespaces", "__do_sys_sethostname"),
	},
	caps.SysBoot: {
		Allows:    "Restarts the machine, and loads another kernel.",
		Root:      "The kernel that kexec_load(2) starts is its own.",
		Calls:     words("reboot", "kexec_load", "kexec_file_load"),
		Functions: words("__do_sys_reboot", "kexec_load_permitted"),
	},
	caps.SysNice: {
		Allows:    "Raises priorities, sets real-time scheduling, affinity and I/O classes of any process; moves memory between nodes.",
		Instead:   "Nice=, CPUSchedulingPolicy= or IOSchedulingClass= of a unit; a higher RLIMIT_NICE or RLIMIT_RTPRIO.",
		Calls:     words("setpriority", "nice", "sched_setscheduler", "sched_setattr", "sched_setaffinity", "ioprio_set", "migrate_pages"),
		Functions: words("can_nice", "set_one_prio", "user_check_sched_setscheduler", "set_task_ioprio"),
	},
	caps.SysResource: {
		Allows:    "Passes limits and quotas, raises hard limits, lowers the score for lack of memory.",
		Instead:   "The limits in the unit (LimitNOFILE=, OOMScoreAdjust=), which the manager sets.",
		Calls:     words("setrlimit", "prlimit64", "write", "prctl", "ioctl", "mq_open"),
		Functions: words("do_prlimit", "__set_oom_adj", "ext4_has_free_clusters"),
	},
	caps.SysTime: {
		Allows:    "Sets the system's clock and the hardware's.",
		Instead:   "A time service of the machine's.",
		Calls:     words("settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "ioctl"),
		Functions: words("do_sys_settimeofday64", "do_adjtimex", "security_settime64"),
	},
	caps.SysTTYConfig: {
		Allows:    "Hangs up terminals, and configures virtual ones.",
		Root:      "It changes what the keys of root's console mean.",
		Calls:     words("vhangup", "ioctl"),
		Functions: words("__do_sys_vhangup", "vt_ioctl", "vt_do_kdskbmode"),
	},
	caps.Mknod: {
		Allows:    "Makes device files.",
		Root:      "It makes the device of a disk, and reads and writes that.",
		Instead:   "devtmpfs and udev make them.",
		Calls:     words("mknod", "mknodat"),
		Functions: words("vfs_mknod"),
	},
	caps.Lease: {
		Allows:    "Takes leases on files of others (fcntl(2), F_SETLEASE).",
		Calls:     words("fcntl"),
		Functions: words("vfs_setlease", "generic_setlease"),
	},
	caps.AuditWrite: {
		Allows:    "Writes to the kernel's audit log.",
		Instead:   "Mostly nothing: PAM goes on without it where no audit daemon runs.",
		Calls:     words("sendto", "sendmsg"),
		Functions: words("audit_netlink_ok", "audit_receive_msg"),
	},
	caps.AuditControl: {
		Allows:    "Configures auditing and its filters.",
		Root:      "It hides what others do; with the right rules it learns their secrets.",
		Calls:     words("sendto", "sendmsg", "write"),
		Functions: words("audit_netlink_ok", "audit_set_loginuid_perm"),
	},
	caps.SetFCap: {
		Allows:    "Gives capabilities to files; maps uid 0 into user namespaces.",
		Root:      "It gives any capability to a program of its own.",
		Instead:   "Set them when the package is installed.",
		Calls:     words("setxattr", "fsetxattr", "write"),
		Functions: words("cap_convert_nscap", "cap_inode_setxattr", "new_idmap_permitted"),
	},
	caps.MACOverride: {
		Allows: "Passes Smack's mandatory access control.",
		Root:   "It lifts what the security module forbids.",
	},
	caps.MACAdmin: {
		Allows:    "Configures Smack and AppArmor; sets labels of SELinux that are not known.",
		Root:      "It lifts what the security module forbids.",
		Calls:     words("write", "setxattr"),
		Functions: words("aa_may_manage_policy", "smack_privileged"),
	},
	caps.Syslog: {
		Allows:    "Reads and clears the kernel's log; sees kernel addresses in /proc.",
		Instead:   "kernel.dmesg_restrict=0 lets all read the log.",
		Calls:     words("syslog", "open", "openat", "read"),
		Functions: words("check_syslog_permissions", "kallsyms_show_value", "restricted_pointer"),
	},
	caps.WakeAlarm: {
		Allows:    "Sets timers that wake the machine from sleep.",
		Calls:     words("timerfd_create", "timer_create"),
		Functions: words("alarm_timer_create", "do_timerfd_create"),
	},
	caps.BlockSuspend: {
		Allows:    "Keeps the machine from going to sleep.",
		Calls:     words("epoll_ctl", "write"),
		Functions: words("ep_create_wakeup_source", "do_epoll_ctl"),
	},
	caps.AuditRead: {
		Allows:    "Reads the audit log by a multicast socket.",
		Calls:     words("bind", "setsockopt"),
		Functions: words("audit_multicast_bind"),
	},
	caps.Perfmon: {
		Allows:    "Observes the machine: perf events, tracing by eBPF, with CAP_BPF.",
		Root:      "",
		Instead:   "kernel.perf_event_paranoid for a program's own events.",
		Calls:     words("perf_event_open", "bpf"),
		Functions: words("perfmon_capable", "perf_allow_kernel", "perf_allow_cpu"),
	},
	caps.BPF: {
		Allows:    "Loads eBPF programs and maps; for tracing with CAP_PERFMON, for networks with CAP_NET_ADMIN.",
		Calls:     words("bpf"),
		Functions: words("bpf_capable", "__sys_bpf"),
	},
	caps.CheckpointRestore: {
		Allows:    "Chooses process ids, and reads what checkpointing needs.",
		Instead:   "",
		Calls:     words("clone3", "write", "prctl", "readlink"),
		Functions: words("checkpoint_restore_ns_capable", "set_tid"),
	},
}
