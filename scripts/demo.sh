#!/bin/sh
# demo.sh CAPMON: discovers what it takes to bring a network interface up.
set -eu
capmon=$1

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo

# In a fresh container or VM the device may be missing.
if [ ! -e /dev/net/tun ]; then
	$as_root modprobe tun 2>/dev/null || true
	[ -e /dev/net/tun ] || { $as_root mkdir -p /dev/net && $as_root mknod /dev/net/tun c 10 200; }
fi

set -x
$as_root "$capmon" discover --user nobody \
	--setup 'ip tuntap add dev tap0 mode tap' --cleanup 'ip link del tap0' \
	'ip link set dev tap0 up'
