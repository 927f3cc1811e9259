#!/bin/sh
# arm64-init.sh - the first process of the guest of arm64.sh: makes it a usable system, runs /command, says its status on
# the console and stops the machine.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/dev/shm
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/shm /dev/pts /dev/net
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t devpts pts /dev/pts
mount -t tracefs tracefs /sys/kernel/tracing
mount -t securityfs securityfs /sys/kernel/security
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ln -s /proc/self/fd /dev/fd
[ -e /dev/net/tun ] || mknod -m 666 /dev/net/tun c 10 200
ip link set lo up
# Not /root, which others may not enter.
cd / || exit
setsid sh /command </dev/null 2>&1
status=$?
# On a line of its own, whatever the command wrote last.
printf '\ncapmon-vm-status %s\n' "$status"
echo o >/proc/sysrq-trigger
# As the first process this must not end before the machine does.
sleep 60
