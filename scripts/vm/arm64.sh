#!/bin/bash
# arm64.sh VERSION DIR -- COMMAND... - boots Debian's arm64 kernel of a series (6.1, 6.12) in an emulator and runs a
# command line in it with sh, as root. There is no root file system to share: the guest has a small Debian of its own
# in memory, and the executables of DIR in its PATH.
#
# Kernel and packages come by apt into a cache and are not installed; apt is given a directory of its own, so that this
# machine's apt knows nothing of arm64. Without KVM for arm64 everything is emulated.
#
# The exit status is COMMAND's, or 125 if the guest did not bring one back.
set -euo pipefail

if [ $# -lt 4 ] || [ "$3" != -- ]; then
	echo "usage: arm64.sh VERSION DIR -- COMMAND..." >&2
	exit 2
fi
version=$1 bin=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
shift 3
timeout=${CAPMON_VM_TIMEOUT:-1200}
cache=${CAPMON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/capmon}/arm64
dir=$cache/$version
export PATH=$PATH:/usr/sbin:/sbin

userland='dash bash coreutils grep sed perl-base mount util-linux iproute2 libcap2-bin procps hostname kmod'
# With what they depend on. The first two are what the tests load.
modules='overlay tun veth dummy'

# apt COMMAND ARG... - apt-get or apt-cache for arm64, which takes nothing on this machine for installed.
apt() {
	local tool=$1
	shift
	"$tool" -o "Dir::State=$apt" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt/cache" \
		-o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User= -o Acquire::Languages=none "$@"
}

# unpack DEB... - into $new/root, where bin, sbin and lib are in usr.
unpack() {
	local deb
	mkdir -p "$new"/root/usr/{bin,sbin,lib}
	ln -s usr/bin usr/sbin usr/lib "$new/root/"
	for deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$new/root" --keep-directory-symlink --exclude='./usr/share/*'
	done
	ln -sf dash "$new/root/usr/bin/sh"
}

# keep_modules - keeps of all modules those that are wanted.
keep_modules() {
	local all=$new/all/lib/modules wanted=$new/root/usr/lib/modules/$1 module
	mkdir -p "$wanted"
	depmod -b "$new/all" "$1"
	for module in $modules; do
		modprobe -C /dev/null -d "$new/all" -S "$1" --show-depends "$module"
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | xargs -r -I{} cp {} "$wanted"
	cp "$all/$1"/modules.{order,builtin,builtin.modinfo} "$wanted"
	depmod -b "$new/root" "$1"
}

fetch() {
	local apt=$new/apt kernel release
	mkdir -p "$apt"/lists/partial "$apt"/cache/archives/partial
	: >"$apt/status"
	# Sources of others than Debian may have nothing for arm64, which is no failure.
	apt apt-get update -q >&2 || true
	kernel=$(apt apt-cache pkgnames "linux-image-$version." |
		grep -E "^linux-image-$version\.[0-9.]+([+~][a-z0-9.+~]+)?(-[0-9]+)?-cloud-arm64$" | sort -V | tail -n 1) || true
	[ -n "$kernel" ] || { echo "arm64.sh: the archive has no linux-image-$version.*-cloud-arm64" >&2; return 1; }
	(cd "$new" && apt apt-get download -q "$kernel" >&2)
	# shellcheck disable=SC2086 # a list of packages
	apt apt-get install -q -y --download-only --no-install-recommends $userland >&2
	unpack "$apt"/cache/archives/*.deb
	dpkg-deb -x "$new"/linux-image-*.deb "$new/all"
	release=$(basename "$new"/all/lib/modules/*)
	cp "$new/all/boot/vmlinuz-$release" "$new/vmlinuz"
	keep_modules "$release"
	rm -r "$apt" "$new/all" "$new"/*.deb
}

if [ ! -e "$dir/vmlinuz" ]; then
	mkdir -p "$cache"
	new=$(mktemp -d "$cache/.new-$version.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	fetch
	mv -T "$new" "$dir" 2>/dev/null || [ -e "$dir/vmlinuz" ]
fi

tmp=$(mktemp -d "${TMPDIR:-/tmp}/capmon-arm64.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/root"
cp -a "$dir/root/." "$tmp/root/"
cp "$bin"/* "$tmp/root/usr/bin/"
cd "$tmp/root"
# mktemp's 0700 would be that of the guest's root directory.
chmod 755 .
mkdir -p dev proc sys run root etc opt
mkdir -p -m 1777 tmp
printf 'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >etc/passwd
printf 'root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n' >etc/group
printf 'root:*:1::::::\n' >etc/shadow
chmod 600 etc/shadow
printf '%s\n' "$*" >./command
install -m 755 "$here/arm64-init.sh" init
find . | cpio --quiet -o -H newc -R 0:0 >"$tmp/initrd"
cd "$tmp"

# max: with signed return addresses (pointer authentication) and branch targets. pauth-impdef: signed the cheap way.
qemu=0
setpriv --pdeathsig TERM timeout -k 5 "$timeout" \
	qemu-system-aarch64 -nodefaults -no-user-config -display none -no-reboot \
	-machine virt,gic-version=3 -cpu max,pauth-impdef=on -accel tcg,thread=multi -smp 2 -m 3072 \
	-kernel "$dir/vmlinuz" -initrd "$tmp/initrd" -append "console=ttyAMA0 quiet panic=-1 mitigations=off" \
	-serial stdio </dev/null 2>&1 | tr -d '\r' | tee "$tmp/console" | sed -u '/^capmon-vm-status [0-9]*$/d' || qemu=$?
# QEMU's own status says nothing of the guest.
status=$(sed -n 's/^capmon-vm-status \([0-9]*\)$/\1/p' "$tmp/console" | tail -n 1)
if [ -z "$status" ]; then
	echo "arm64.sh: the guest ended without a status (QEMU: $qemu)" >&2
	exit 125
fi
exit "$status"
