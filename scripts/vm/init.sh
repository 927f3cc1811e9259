#!/bin/sh
# init.sh - the guest's first process, in the initramfs under busybox. Lays a writable tmpfs over the host's root file
# system, which comes read-only over 9p, and goes on in it with guest.sh.
set -e
export PATH=/bin
/bin/busybox --install -s /bin

# A failure here leaves no status, which the host takes for one; without this line it would also leave no reason.
trap 'echo "init.sh: failed" >/dev/console; echo b >/proc/sysrq-trigger' EXIT

mount -t devtmpfs dev /dev
mount -t proc proc /proc
exec >/dev/console 2>&1
for module in /modules/*.ko; do
	insmod "$module"
done

# cache=loose: the lower layer is taken not to change, so what was read once is not asked for again. access=any: one
# attach for all users; who may do what is checked in the guest, by the owners and modes that the host gives.
mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,access=any,msize=512000 root /lower
mount -t tmpfs -o size=75%,mode=755 upper /upper
mkdir /upper/data /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work overlay /newroot

mount -o move /proc /newroot/proc
mount -o move /dev /newroot/dev
mount -t tmpfs -o mode=755 run /newroot/run
mkdir /newroot/run/capmon-vm
# cache=none: what the guest writes must be on the host at once, as the machine is stopped without further ado.
mount -t 9p -o trans=virtio,version=9p2000.L,cache=none,access=any,msize=512000 ctl /newroot/run/capmon-vm
trap - EXIT
exec switch_root -c /dev/console /newroot /bin/sh /run/capmon-vm/guest.sh
