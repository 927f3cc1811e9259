#!/bin/bash
# initramfs.sh DIR - builds DIR/initrd for the kernel in DIR (see kernel.sh): busybox, init.sh, and the modules that
# init.sh must insert before it can see the root file system.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: initramfs.sh DIR" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=$(cd "$1" && pwd)
release=$(cat "$dir/release")
PATH=$PATH:/usr/sbin:/sbin

tmp=$(mktemp -d "$dir/.initramfs.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
mkdir -p "$root"/{bin,dev,proc,sys,modules,lower,upper,newroot}
cp "$(command -v busybox)" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
install -m 755 "$here/init.sh" "$root/init"

# modprobe knows the order and which of them are built in. They are unpacked here, once, as busybox's insmod cannot
# be counted on to read .ko.xz.
n=10
for module in virtio_pci 9pnet_virtio 9p overlay; do
	modprobe -C /dev/null -d "$dir" -S "$release" --show-depends "$module"
done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r ko; do
	name=$(basename "${ko%.xz}")
	case $ko in
	*.xz) xz -dc "$ko" >"$root/modules/$n-$name" ;;
	*) cp "$ko" "$root/modules/$n-$name" ;;
	esac
	n=$((n + 1))
done

(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$tmp/initrd"
mv "$tmp/initrd" "$dir/initrd"
