#!/bin/sh
# install.sh - installs what kernel.sh and run.sh need. Asks apt only when something is missing.
set -eu

# Each line: a command and the Debian package that brings it.
# busybox must be the static one: the initramfs holds no libraries.
needed='
qemu-system-x86_64 qemu-system-x86
busybox busybox-static
modprobe kmod
cpio cpio
xz xz-utils
ip iproute2
setpriv util-linux
setcap libcap2-bin
'

# sbin holds modprobe and setcap, and is not in everybody's PATH.
PATH=$PATH:/usr/sbin:/sbin

missing=$(printf '%s' "$needed" | while read -r cmd pkg; do
	[ -n "$cmd" ] || continue
	command -v "$cmd" >/dev/null || printf '%s ' "$pkg"
done)

# A dynamic busybox passes the look above but cannot run in the initramfs.
case " $missing " in
*" busybox-static "*) ;;
*) if ldd "$(command -v busybox)" >/dev/null 2>&1; then missing="$missing busybox-static"; fi ;;
esac

[ -n "$missing" ] || exit 0

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo

# The word splitting is wanted: a list of packages.
# shellcheck disable=SC2086
{
	# Old lists name versions that the archive no longer has, so they are fetched anew when the first try fails.
	install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing"
	$install >&2 || { $as_root apt-get update -q >&2 && $install >&2; }
}
