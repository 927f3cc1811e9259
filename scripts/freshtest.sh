#!/bin/bash
# freshtest.sh [TARGET...] - runs make TARGET, or make demo, in a clone in a Debian 12 that has nothing but make and git, without any Go,
# and make build again with what that has installed.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- demo
[ "$(id -u)" -eq 0 ] || { echo 'freshtest.sh: a chroot takes root' >&2; exit 1; }
command -v debootstrap >/dev/null || { echo 'freshtest.sh: install debootstrap' >&2; exit 1; }

root=$(mktemp -d "${TMPDIR:-/tmp}/capmon-fresh.XXXXXX")
undo() {
	for dir in dev/pts dev/net dev sys proc; do
		! mountpoint -q "$root/$dir" || umount -l "$root/$dir"
	done
	rm -rf --one-file-system "$root"
}
trap undo EXIT
debootstrap --variant=minbase --include=make,git,ca-certificates bookworm "$root" >"$root.log" || { tail "$root.log" >&2; exit 1; }
rm -f "$root.log"
chmod 755 "$root"
# The network is reached as here: by the same names, trusting the same authorities.
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
for dir in proc sys dev; do mount --rbind "/$dir" "$root/$dir" && mount --make-rslave "$root/$dir"; done
git clone -q . "$root/capmon"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "CI=${CI-}" "$@"; }
! inside sh -c 'command -v go' || { echo 'freshtest.sh: there is a Go already' >&2; exit 1; }
inside make -C /capmon "$@"
inside make -C /capmon build >/dev/null
echo "freshtest.sh: make $* works in a fresh Debian 12, whose own Go is $(inside go version | cut -d' ' -f3)"
