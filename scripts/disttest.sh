#!/bin/bash
# disttest.sh - makes two releases of a clone, an older one and one twice, and does with them what a user would: install, run, upgrade,
# remove. Needs root, since packages are installed.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { echo "disttest.sh: $*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || die 'installing packages takes root'
! dpkg-query -W capmon >/dev/null 2>&1 || die 'the package capmon is installed: remove it first'

work=$(mktemp -d "${TMPDIR:-/tmp}/capmon-disttest.XXXXXX")
undo() {
	dpkg --purge capmon >/dev/null 2>&1 || true
	chmod -R u+w "$work"
	rm -rf "$work"
}
trap undo EXIT
old=0.0.98 new=0.0.99

# One commit under two tags is two releases.
git clone -q . "$work/clone"
release() { # VERSION NAME
	git -C "$work/clone" tag "v$1"
	"$work/clone/scripts/dist.sh" "$work/$2" >"$work/log" 2>&1 || { cat "$work/log" >&2; die "dist.sh failed"; }
	git -C "$work/clone" tag -d "v$1" >/dev/null
}
release $old old
release $new new
release $new again
diff -r "$work/new" "$work/again" || die 'the same commit gave two releases that differ'
(cd "$work/new" && sha256sum --quiet -c SHA256SUMS)
echo 'disttest.sh: the same commit gives the same files'

# The first example of README.md, by the capmon of that path.
finds() {
	"$1" version | grep -q "^capmon v$2\$" || die "$1 does not say v$2"
	"$1" discover --user nobody --setup 'ip tuntap add dev tapdist mode tap' --cleanup 'ip link del tapdist' \
		'ip link set dev tapdist up' 2>/dev/null | grep -q 'needs CAP_NET_ADMIN (proven' || die "$1 does not find CAP_NET_ADMIN"
}

listing() { find /usr /etc -xdev -path /usr/local -prune -o -print | sort; }
listing >"$work/before"
deb() { ls "$work/$1"/*_amd64.deb; }
dpkg -i "$(deb old)" >/dev/null
finds /usr/bin/capmon $old
dpkg -i "$(deb new)" >/dev/null
finds /usr/bin/capmon $new
[ -s /usr/share/bash-completion/completions/capmon ] || die 'the .deb has no completion'
# Images of containers may have dpkg leave manuals out (dpkg.cfg.d(5)), so the package is asked.
dpkg -L capmon | grep -q 'man1/capmon-discover\.1' || die 'the .deb has no manual'
dpkg --purge capmon >/dev/null
listing | diff "$work/before" - || die 'the .deb left files behind'
echo 'disttest.sh: the .deb installs, runs, upgrades and goes'

root=$work/root
mkdir "$root"
rpms() { rpm --force-debian --root "$root" --dbpath /var/lib/rpm "$@"; }
rpms -i --nodeps "$work/old"/*.x86_64.rpm
finds "$root/usr/bin/capmon" $old
rpms -U --nodeps "$work/new"/*.x86_64.rpm
finds "$root/usr/bin/capmon" $new
[ -s "$root/usr/share/man/man1/capmon.1.gz" ] || die 'the .rpm has no manual'
rpms -e capmon
left=$(find "$root" -name '*capmon*')
[ -z "$left" ] || die "the .rpm left $left"
echo 'disttest.sh: the .rpm installs, runs, upgrades and goes'

skopeo copy -q --override-arch amd64 "oci-archive:$work/new/capmon-$new-oci.tar" "dir:$work/image"
layer=$(skopeo inspect "dir:$work/image" --format '{{index .Layers 0}}')
mkdir "$work/rootfs"
tar -xzf "$work/image/${layer#sha256:}" -C "$work/rootfs"
chroot "$work/rootfs" /capmon version | grep -q "^capmon v$new\$" || die 'the image does not run'
for arch in amd64 arm64; do
	skopeo inspect --override-arch $arch "oci-archive:$work/new/capmon-$new-oci.tar" --format '{{.Architecture}}' | grep -q "^$arch\$"
	grep -q 'pkg:golang/github.com/cilium/ebpf@' "$work/new/capmon-$new-linux-$arch.cdx.json" || die "the SBOM of $arch does not name cilium/ebpf"
done
echo 'disttest.sh: the image runs, and the SBOM names the modules'

# Nothing is fetched for a build from the source tarball.
tar -xzf "$work/new/capmon-$new.tar.gz" -C "$work"
(cd "$work/capmon-$new" && GOPROXY=off GOFLAGS=-mod=vendor CGO_ENABLED=0 go build -o "$work/built" ./cmd/capmon)
"$work/built" version | grep -q "^capmon v$new\$" || die 'a build from the source tarball does not know its version'

# go install by way of a module proxy: what is in the repository, without the modules in it.
proxy=$work/proxy/github.com/capmon/capmon/@v
mkdir -p "$proxy"
echo "{\"Version\":\"v$new\"}" >"$proxy/v$new.info"
echo "v$new" >"$proxy/list"
git show HEAD:go.mod >"$proxy/v$new.mod"
nested=()
for module in $(git ls-files '*/go.mod'); do nested+=(":!$(dirname "$module")"); done
git archive --format=zip --prefix="github.com/capmon/capmon@v$new/" -o "$proxy/v$new.zip" HEAD . "${nested[@]}"
GOPROXY="file://$work/proxy,file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)" GONOSUMDB=github.com/capmon GOFLAGS=-modcacherw GOBIN=$work/bin GOMODCACHE=$work/mod \
	CGO_ENABLED=0 go install github.com/capmon/capmon/cmd/capmon@latest >/dev/null 2>"$work/log" || { cat "$work/log" >&2; die 'go install failed'; }
finds "$work/bin/capmon" $new
echo 'disttest.sh: the source tarball and go install give a capmon that knows its version'
