package corpus

func mounts() []Case {
	return []Case{
		{Name: "mount(8)", Command: "mount -t tmpfs none /mnt", Sandbox: "yes",
			Want: "cap_sys_admin", Source: "mount(2)", Program: "/bin/mount"},
		{Name: "umount(8)", Setup: "mount -t tmpfs none /mnt", Command: "umount /mnt", Sandbox: "yes",
			Want: "cap_sys_admin", Source: "umount(2)", Program: "/bin/umount"},
		{Name: "unshare", Command: "unshare -m -n -p -u -i -f true",
			Want: "cap_sys_admin", Source: "unshare(2)", Program: "/usr/bin/unshare"},
		{Name: "nsenter network", Setup: sleeper, Cleanup: awake, Command: "nsenter -t $(cat DIR/pid) -n true",
			Want: "cap_sys_admin,cap_sys_ptrace", Source: "setns(2); /proc/PID/ns of root's process", Program: "/usr/bin/nsenter"},
		{Name: "nsenter all", Setup: sleeper, Cleanup: awake, Command: "nsenter -t $(cat DIR/pid) -a true",
			Want: "cap_sys_admin,cap_sys_chroot,cap_sys_ptrace", Source: "setns(2), into mounts too; /proc/PID/ns of root's process", Program: "/usr/bin/nsenter"},
		{Name: "chroot with user", Command: "chroot --userspec=daemon / true", Sandbox: "yes",
			Want: "cap_setgid,cap_setuid,cap_sys_chroot", Source: "chroot(2), setgroups(2), setuid(2)", Program: "/usr/sbin/chroot"},
	}
}

func devices() []Case {
	return []Case{
		{Name: "losetup", Setup: "truncate -s 1M DIR/f", Command: "losetup -f DIR/f",
			Check:   "losetup -j DIR/f | grep -q loop",
			Cleanup: "losetup -j DIR/f | cut -d: -f1 | xargs -r losetup -d; rm DIR/f",
			Want:    "cap_dac_read_search", Source: "/dev/loop-control and /dev/loop0 are root's; opened to read they do as well", Program: "/sbin/losetup"},
		{Name: "swapon", Setup: "dd if=/dev/zero of=DIR/f bs=1M count=1 status=none; chmod 600 DIR/f; mkswap -q DIR/f",
			Command: "swapon DIR/f", Cleanup: "swapoff DIR/f 2>/dev/null; rm DIR/f",
			Want: "cap_dac_override,cap_sys_admin", Source: "swapon(2), which opens root's file to write", Program: "/sbin/swapon",
			On: Host, Why: "tmpfs cannot be swapped to"},
		{Name: "blockdev", Command: "blockdev --flushbufs /dev/loop7",
			Want: "cap_dac_read_search,cap_sys_admin", Source: "root's device; block/ioctl.c: blkdev_flushbuf", Program: "/sbin/blockdev"},
		{Name: "dmesg --console-level", Command: "dmesg -n $(cut -f 1 /proc/sys/kernel/printk)",
			Want: "cap_syslog", Source: "syslog(2)", Program: "/usr/bin/dmesg"},
		{Name: "sysctl of the kernel", InsistsOnRoot: true,
			Command: "sysctl -w kernel.randomize_va_space=$(sysctl -n kernel.randomize_va_space)",
			Want:    "", Source: "fs/proc/proc_sysctl.c: test_perm asks for uid 0 and for no capability", Program: "/sbin/sysctl"},
		{Name: "sysctl of the network", Command: "sysctl -w net.ipv4.ip_forward=$(sysctl -n net.ipv4.ip_forward)",
			Want: "cap_net_admin", Source: "net/sysctl_net.c: net_ctl_permissions", Program: "/sbin/sysctl"},
	}
}

// looks are programs that look at others.
func looks() []Case {
	// They end by themselves, so that what watches them does.
	const short = "sleep 0.5 & echo $! >DIR/pid"
	return []Case{
		{Name: "strace -p", Setup: short, Command: "strace -o /dev/null -p $(cat DIR/pid)",
			Want: "cap_sys_ptrace", Source: "ptrace(2)", Packages: []string{"strace"}, Slow: true, Program: "/usr/bin/strace"},
		{Name: "gdb -p", Setup: sleeper, Cleanup: awake, Command: "gdb -p $(cat DIR/pid) -batch -ex 'print *(long *)$sp = *(long *)$sp' 2>&1 | grep -q '= '",
			Want: "cap_dac_override,cap_sys_ptrace", Source: "/proc/PID/mem is root's, and opened to write; ptrace(2)", Packages: []string{"gdb"}, Slow: true, Program: "/usr/bin/gdb"},
		{Name: "ls /proc/PID/fd", Setup: sleeper, Cleanup: awake, Command: "ls -l /proc/$(cat DIR/pid)/fd",
			Want: "cap_dac_read_search,cap_sys_ptrace", Source: "the directory is root's; its links are governed by ptrace(2)", Program: "/bin/ls"},
		{Name: "perf stat -a", Command: "perf stat -a -e cpu-clock true",
			Want: "cap_perfmon", Source: "perf_event_open(2)", Packages: []string{"linux-perf"}, Slow: true, Program: "/usr/bin/perf"},
		{Name: "bpftool prog", Command: "bpftool prog list",
			Want: "cap_sys_admin", Source: "bpf(2): BPF_PROG_GET_NEXT_ID", Packages: []string{"bpftool"}, Slow: true, Program: "/usr/sbin/bpftool"},
		{Name: "bpftool map", Command: "bpftool map create DIR/b/map type array key 4 value 4 entries 1 name m", Sandbox: "yes",
			Setup: "mkdir DIR/b; mount -t bpf -o mode=777 none DIR/b",
			Want:  "cap_bpf", Source: "bpf(2): BPF_MAP_CREATE", Packages: []string{"bpftool"}, Slow: true, Program: "/usr/sbin/bpftool"},
	}
}

func networkTools() []Case {
	const packets = `for i in 1 2 3 4 5 6 7 8; do sleep 0.1; echo x >/dev/udp/127.0.0.1/9; done`
	return []Case{
		{Name: "ping", Command: "ping -c 1 127.0.0.1", Sandbox: "net",
			Want: "cap_net_raw", Source: "raw(7); with file capabilities that it is not granted, execve(2) says EPERM without a check", Packages: []string{"iputils-ping"}, Slow: true, Program: "/bin/ping"},
		{Name: "fping", Command: "fping -c 1 127.0.0.1", Sandbox: "net",
			Want: "cap_net_raw", Source: "raw(7); as ping", Packages: []string{"fping"}, Slow: true, Program: "/usr/bin/fping"},
		{Name: "traceroute -I", Command: "traceroute -I -n 127.0.0.1", Sandbox: "net",
			Want: "cap_net_raw", Source: "raw(7)", Packages: []string{"traceroute"}, Slow: true, Program: "/usr/sbin/traceroute"},
		{Name: "tcpdump", Command: "bash -c '" + packets + "' & timeout 5 tcpdump -i lo -c 1 -w /dev/null", Sandbox: "net",
			Want: "cap_net_raw", Source: "packet(7)", Packages: []string{"tcpdump"}, Slow: true, Program: "/usr/bin/tcpdump"},
		{Name: "nft", Command: "nft add table inet capmon", Sandbox: "net",
			Want: "cap_net_admin", Source: "net/netfilter/nfnetlink.c: nfnetlink_rcv", Packages: []string{"nftables"}, Slow: true, Program: "/usr/sbin/nft", Unit: "nftables.service"},
		{Name: "iptables", Command: "iptables -A INPUT -j ACCEPT", Sandbox: "net",
			Want: "cap_net_admin", Source: "net/netfilter/nfnetlink.c: nfnetlink_rcv", Packages: []string{"iptables"}, Slow: true, Program: "/usr/sbin/iptables"},
		{Name: "iptables-legacy", Command: "iptables-legacy -A INPUT -j ACCEPT", Sandbox: "net",
			Want: "cap_dac_override,cap_net_admin,cap_net_raw", Source: "/run/xtables.lock; raw(7); net/ipv4/netfilter/ip_tables.c: do_ipt_set_ctl",
			Packages: []string{"iptables"}, Slow: true, Program: "/usr/sbin/iptables-legacy"},
		{Name: "ethtool", Command: "ethtool -K lo gso off", Sandbox: "net",
			Want: "cap_net_admin", Source: "net/netlink/genetlink.c: genl_rcv_msg", Packages: []string{"ethtool"}, Slow: true, Program: "/sbin/ethtool"},
		{Name: "ip netns add", Command: "ip netns add capmon", Sandbox: "yes",
			Want:    "cap_dac_override,cap_net_admin,cap_sys_admin",
			Source:  "/run is root's; iproute2 lib/utils.c: drop_cap() gives all up unless CAP_NET_ADMIN is inheritable; unshare(2), mount(2)",
			Program: "/sbin/ip"},
		{Name: "ip link add", Command: "ip link add cma type veth && ip addr add 10.1.1.1/24 dev cma && ip link set cma up && ip route add 10.2.0.0/16 via 10.1.1.2", Sandbox: "net",
			Want: "cap_net_admin", Source: "net/core/rtnetlink.c: rtnetlink_rcv_msg", Program: "/sbin/ip"},
		{Name: "tc", Command: "tc qdisc add dev lo root tbf rate 1mbit burst 10k latency 1ms", Sandbox: "net",
			Want: "cap_net_admin", Source: "net/sched/sch_api.c", Program: "/sbin/tc"},
	}
}
