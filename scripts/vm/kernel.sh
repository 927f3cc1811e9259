#!/bin/bash
# kernel.sh VERSION - prints a directory with Debian's newest kernel of that series (5.10, 6.1, 6.12), ready to boot:
#   vmlinuz (and vmlinux for some), initrd, release (what uname -r says), lib/modules/RELEASE
# The first call downloads the package (nothing is installed); later calls only look into the cache. Remove the
# directory to get a newer kernel.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: kernel.sh VERSION" >&2; exit 2; }
version=$1
[[ $version =~ ^[0-9]+\.[0-9]+$ ]] || { echo "kernel.sh: VERSION must be like 6.12" >&2; exit 2; }

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${CAPMON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/capmon}/kernels
dir=$cache/$version
PATH=$PATH:/usr/sbin:/sbin

# Series that Debian 12 does not have, each with the release that does. That release is looked into on its own, and this
# machine's lists of packages stay as they are.
releases='5.10:bullseye'
apt=(-o APT::Sandbox::User="$(id -un)")

# use_release DIR - has apt look into the release that has this series, if it is one of $releases. DIR is for its lists.
use_release() {
	local entry uri
	for entry in $releases; do
		[ "${entry%%:*}" = "$version" ] || continue
		uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1)
		mkdir -p "$1/lists"
		echo "deb $uri ${entry#*:} main" >"$1/sources"
		apt+=(-o Dir::Etc::SourceList="$1/sources" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$1/lists"
			-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=)
	done
}

# Packages of the generic flavour, newest last. cloud and rt have one more word before "amd64". Of the same kernel
# the signed one sorts before the unsigned one; both boot, and the archive does not always hold both.
packages() {
	apt-cache "${apt[@]}" pkgnames "linux-image-$version." |
		grep -E "^linux-image-$version\.[0-9.]+([+~][a-z0-9.+~]+)?(-[0-9]+)?-amd64(-unsigned)?$" |
		sort -V
}

# unxz_kernel DIR - makes vmlinux of a vmlinuz that is packed with xz (6.1), which QEMU without KVM takes 2 s to unpack
# at each boot. One packed with zstd (6.12) loses too little time to matter.
unxz_kernel() {
	local at
	at=$(LC_ALL=C grep -abo -m 1 -P '\xfd7zXZ\x00' "$1/vmlinuz" | head -n 1 | cut -d: -f1) || return 0
	# What follows the packed kernel is no xz, so xz ends with an error after having written all of it.
	tail -c "+$((at + 1))" "$1/vmlinuz" | xz -dc >"$1/vmlinux" 2>/dev/null || true
	[ "$(head -c 4 "$1/vmlinux")" = $'\x7fELF' ] || rm "$1/vmlinux"
}

# fetch DIR - downloads and unpacks the newest package into DIR.
fetch() {
	local into=$1 pkg
	use_release "$into/apt"
	pkg=$(packages | tail -n 1) || true
	# The lists may be missing, or so old that the archive no longer has what they name.
	if [ -z "$pkg" ] || ! (cd "$into" && apt-get "${apt[@]}" download -q "$pkg" >&2); then
		apt-get "${apt[@]}" update -q >&2
		pkg=$(packages | tail -n 1) || true
		[ -n "$pkg" ] || { echo "kernel.sh: the archive has no linux-image-$version.*-amd64" >&2; return 1; }
		(cd "$into" && apt-get "${apt[@]}" download -q "$pkg" >&2)
	fi
	dpkg-deb -x "$into"/linux-image-*.deb "$into/root"
	rm -rf "$into"/linux-image-*.deb "$into/apt"

	local release
	release=$(basename "$into"/root/lib/modules/*)
	echo "$release" >"$into/release"
	mv "$into/root/boot/vmlinuz-$release" "$into/vmlinuz"
	unxz_kernel "$into"
	mv "$into/root/lib" "$into/lib"
	rm -r "$into/root"
	depmod -b "$into" "$release"
}

if [ ! -e "$dir/vmlinuz" ]; then
	mkdir -p "$cache"
	tmp=$(mktemp -d "$cache/.new-$version.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	# apt-get drops its rights to _apt for a download, and mktemp's 0700 would shut that user out.
	chmod 755 "$tmp"
	fetch "$tmp"
	"$here/initramfs.sh" "$tmp"
	# Of two first calls at once, the one that comes second keeps what the first made.
	mv -T "$tmp" "$dir" 2>/dev/null || [ -e "$dir/vmlinuz" ]
fi

# The initramfs holds init.sh, so it is made anew when that changed.
for part in init.sh initramfs.sh; do
	if [ "$here/$part" -nt "$dir/initrd" ]; then
		"$here/initramfs.sh" "$dir"
		break
	fi
done

echo "$dir"
