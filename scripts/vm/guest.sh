#!/bin/sh
# guest.sh - the guest's first process once the root file system is there. Makes it a usable system, runs the command
# that run.sh left in the control directory, leaves its status there and stops the machine.
# Without KVM starting a process takes 30 to 60 ms, so it starts few of them.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ctl=/run/capmon-vm

# command_and_stop - runs the command and stops the machine.
command_and_stop() {
	# Pipes, not the files themselves: a program that opens /dev/stderr again would truncate a file.
	mkfifo /run/.stdout /run/.stderr
	cat /run/.stdout >$ctl/stdout &
	cat1=$!
	cat /run/.stderr >$ctl/stderr &
	cat2=$!
	# In the foreground, as a shell sets SIGINT to be ignored in what it puts in the background. Redirected inside, so that
	# what this shell has to say of a killed command does not get into its output.
	(
		exec </dev/null >/run/.stdout 2>/run/.stderr
		exec setsid /bin/bash $ctl/command
	)
	status=$?

	# A process left behind may hold the pipes open for ever: it gets a moment, not more.
	(sleep 5; kill $cat1 $cat2) 2>/dev/null &
	wait $cat1 $cat2
	sync
	# Renamed, so that the host never sees half a status.
	echo "$status" >$ctl/status.new
	mv $ctl/status.new $ctl/status
	echo b >/proc/sysrq-trigger
	# As the first process this must not end before the machine does: that is a panic.
	sleep 60
}

# Started again by systemd, see below.
if [ "${1-}" = command ]; then command_and_stop; fi

release=$(uname -r)
read -r modules <$ctl/modules

# The modules: the host's kernel is another one, so its /lib/modules lacks what modprobe looks for.
fstab="
sysfs      /sys                  sysfs       defaults
devpts     /dev/pts              devpts      X-mount.mkdir,gid=5,mode=620,ptmxmode=666
shm        /dev/shm              tmpfs       X-mount.mkdir=1777,mode=1777
scratch    /srv                  tmpfs       X-mount.mkdir=1777,mode=1777
mqueue     /dev/mqueue           mqueue      X-mount.mkdir
tracefs    /sys/kernel/tracing   tracefs     defaults
debugfs    /sys/kernel/debug     debugfs     defaults
securityfs /sys/kernel/security  securityfs  defaults
bpf        /sys/fs/bpf           bpf         mode=700
cgroup2    /sys/fs/cgroup        cgroup2     defaults
$modules   /lib/modules/$release none        X-mount.mkdir,bind
"
# A blank in a name is \040 in an fstab, which run.sh sees to. cache=none: as in init.sh. Without access=any what a user
# makes there belongs to that user on the host too.
if [ -e $ctl/out ]; then
	read -r out <$ctl/out
	fstab="$fstab
out $out 9p X-mount.mkdir,trans=virtio,version=9p2000.L,cache=none,msize=512000"
fi
printf '%s\n' "$fstab" >/run/.fstab
# Without one of them the command's results could be lost or mean nothing. No status: run.sh shows this as a failure.
mount -a -T /run/.fstab || {
	echo "guest.sh: not everything could be mounted" >&2
	echo b >/proc/sysrq-trigger
}

ln -sf /proc/self/fd /dev/fd
ln -sf /proc/self/fd/0 /dev/stdin
ln -sf /proc/self/fd/1 /dev/stdout
ln -sf /proc/self/fd/2 /dev/stderr
mkdir -m 1777 /run/lock

# These modules are inserted when their device node is opened, so the node must be there before.
mkdir -p /dev/net
[ -e /dev/net/tun ] || mknod -m 666 /dev/net/tun c 10 200
[ -e /dev/fuse ] || mknod -m 666 /dev/fuse c 10 229
[ -e /dev/loop-control ] || mknod -m 660 /dev/loop-control c 10 237

echo capmon-vm >/proc/sys/kernel/hostname
echo '127.0.1.1 capmon-vm' >>/etc/hosts
ip link set lo up

# 9p as QEMU serves it carries no security.* attributes, so programs would come without their file capabilities.
while read -r caps file; do
	setcap "$caps" "$file"
done <$ctl/filecaps

if [ -e $ctl/systemd ]; then
	# systemd would empty /tmp or hide it, and the command may lie there.
	mkdir -p /run/systemd/system /run/tmpfiles.d
	ln -s /dev/null /run/tmpfiles.d/tmp.conf
	ln -s /dev/null /run/systemd/system/tmp.mount
	printf '%s\n' '[Unit]' 'Requires=basic.target' 'After=basic.target' \
		'[Service]' 'Type=oneshot' "ExecStart=/bin/sh $ctl/guest.sh command" >/run/systemd/system/capmon-vm.service
	exec /lib/systemd/systemd --unit=capmon-vm.service
fi
command_and_stop
