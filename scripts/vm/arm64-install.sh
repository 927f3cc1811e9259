#!/bin/sh
# arm64-install.sh - installs what arm64.sh needs. Asks apt only when something is missing.
set -eu

# Each line: a command and the Debian package that brings it.
needed='
qemu-system-aarch64 qemu-system-arm
modprobe kmod
cpio cpio
xz xz-utils
setpriv util-linux
'
# sbin holds modprobe, and is not in everybody's PATH.
PATH=$PATH:/usr/sbin:/sbin

missing=$(printf '%s' "$needed" | while read -r cmd pkg; do
	[ -n "$cmd" ] || continue
	command -v "$cmd" >/dev/null || printf '%s ' "$pkg"
done)
[ -n "$missing" ] || exit 0

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo
install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing"
# Old lists name versions that the archive no longer has, so they are fetched anew when the first try fails.
$install >&2 || { $as_root apt-get update -q >&2 && $install >&2; }
