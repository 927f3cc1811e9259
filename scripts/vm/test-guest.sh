#!/bin/sh
# shellcheck disable=SC2016 # what is in single quotes is for check's shell to expand
# test-guest.sh - run in the guest by test.sh: checks that it is the system that the tests of capmon count on.
# One line for each check: "ok NAME" or "FAIL NAME: why".
check() {
	name=$1
	if why=$(sh -ec "$2" 2>&1); then echo "ok $name"; else echo "FAIL $name: $why"; fi
}
nobody='setpriv --reuid nobody --clear-groups'

check 'every capability is held' 'grep -E "^CapEff:.0*1ffffffffff$" /proc/self/status'
check 'BTF of the kernel' 'test -s /sys/kernel/btf/vmlinux'
check 'loopback is up' 'ip -br address show lo | grep 127.0.0.1'
check 'host name resolves' 'getent hosts "$(uname -n)"'
check 'tun' 'ip tuntap add dev tap0 mode tap; ip link show tap0'
check 'veth' 'modprobe veth; ip link add v0 type veth peer name v1'
check 'dummy is loaded on demand' 'ip link add d0 type dummy'
check 'overlay can be mounted' 'mkdir -p /run/o/u /run/o/w /run/o/m
	mount -t overlay -o lowerdir=/etc,upperdir=/run/o/u,workdir=/run/o/w overlay /run/o/m; test -e /run/o/m/passwd'
check 'loop device' 'truncate -s 8M /tmp/image; mkfs.ext4 -q /tmp/image; mkdir /tmp/image.d
	mount -o loop /tmp/image /tmp/image.d; umount /tmp/image.d'
check 'device node' 'mknod /tmp/null c 1 3; echo x >/tmp/null'
check 'tracefs' 'test -d /sys/kernel/tracing/events/syscalls'
check 'bpffs' 'stat -f -c %T /sys/fs/bpf | grep bpf'
check 'cgroup2' 'mkdir /sys/fs/cgroup/x; rmdir /sys/fs/cgroup/x'
check 'terminals' 'python3 -c "import pty, sys; sys.exit(pty.spawn([\"tty\"]))"'
check 'user namespaces' "$nobody unshare -Ur true"
check 'SIGINT is not ignored' 'test $(( 0x$(sed -n "s/^SigIgn:\t//p" /proc/self/status) & 2 )) -eq 0'

check 'owners and modes' 'test "$(stat -c "%a %U %G" /etc/shadow)" = "640 root shadow"'
check 'a user is held to them' "! $nobody cat /etc/shadow"
check 'users' "$nobody id -un | grep -x nobody"
check 'setuid' "$nobody su --version; test -u /usr/bin/su; cp /usr/bin/id /usr/bin/id.s; chmod 4755 /usr/bin/id.s
	test \"\$($nobody id.s -u)\" = 0"
check 'file capabilities' "for d in /tmp /opt; do
	cp /usr/bin/grep \$d/grep.c; setcap cap_net_raw+ep \$d/grep.c; getcap \$d/grep.c | grep cap_net_raw
	$nobody \$d/grep.c -E '^CapEff:.0*2000$' /proc/self/status; done"

for tool in bpftrace bpftool; do
	command -v $tool >/dev/null || echo "skip $tool: not installed"
done
if command -v bpftrace >/dev/null; then
	check 'fexit on cap_capable' 'bpftrace -e "kretfunc:cap_capable /args->cap == 21/ { @n = count(); }" \
		-c "/usr/bin/unshare -m true" | grep -E "@n: [1-9]"'
	check 'kprobe on cap_capable' 'bpftrace -e "kprobe:cap_capable /arg2 == 21/ { @n = count(); }" \
		-c "/usr/bin/unshare -m true" | grep -E "@n: [1-9]"'
fi

# Last, as it does away with things. test.sh looks whether the host still has them.
check 'everything can be written' 'touch /vm-was-here /etc/vm-was-here ./vm-was-here; rm /usr/bin/awk'
