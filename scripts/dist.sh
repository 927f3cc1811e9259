#!/bin/bash
# dist.sh DIR: makes in DIR all that a release of the commit that is checked out consists of. The version is the tag of the
# commit, or what Go makes of a commit without one. The same commit gives the same files, byte for byte.
set -euo pipefail
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
mkdir -p "$1"
out=$(realpath "$1")
cd "$(dirname "$0")/.."
[ -z "$(ls -A "$out")" ] || { echo "dist.sh: $out is not empty: name an empty directory, or a new one" >&2; exit 2; }

umask 022
export LC_ALL=C TZ=UTC CGO_ENABLED=0 GOFLAGS=-buildvcs=true SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
work=$(mktemp -d "${TMPDIR:-/tmp}/capmon-dist.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The tools come from their own module, and run from anywhere.
mkdir "$work/tools"
(cd scripts/dist && GOFLAGS= GOBIN="$work/tools" go install ./image github.com/goreleaser/nfpm/v2/cmd/nfpm github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod)

# A clone, so that nothing uncommitted gets in and Go knows commit and tag.
git clone -q "$PWD" "$work/capmon"
cd "$work/capmon"
for arch in amd64 arm64; do
	GOARCH=$arch make -s build
	mv bin/capmon "$work/capmon-$arch"
done
here=$work/capmon-$(go env GOHOSTARCH)
version=$("$here" version | sed -n 's/^capmon v//p')
[ -n "$version" ] || { echo "dist.sh: the program does not know its version" >&2; exit 1; }

# What is installed besides the program is the same for both architectures.
stage=$work/stage
mkdir -p "$stage/man"
for page in docs/man/*.1; do gzip -9n <"$page" >"$stage/man/$(basename "$page").gz"; done
"$here" completion bash >"$stage/capmon.bash"
"$here" completion zsh >"$stage/_capmon"
"$here" completion fish >"$stage/capmon.fish"
cp LICENSE CHANGELOG.md "$stage"
for arch in amd64 arm64; do
	cp "$work/capmon-$arch" "$stage/capmon"
	find "$stage" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
	for format in deb rpm; do
		ARCH=$arch VERSION=$version STAGE=$stage "$work/tools/nfpm" package -f scripts/dist/nfpm.yaml -p $format -t "$out" >&2
	done
	cp "$work/capmon-$arch" "$out/capmon-$version-linux-$arch"
	"$work/tools/cyclonedx-gomod" bin -json -noserial -notimestamp -version "v$version" \
		-output "$out/capmon-$version-linux-$arch.cdx.json" "$out/capmon-$version-linux-$arch"
done

"$work/tools/image" -o "$out/capmon-$version-oci.tar" -version "$version" -created "$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)" \
	amd64="$work/capmon-amd64" arm64="$work/capmon-arm64"

source=$work/source/capmon-$version
mkdir -p "$source"
git archive HEAD | tar -x -C "$source"
(cd "$source" && go mod vendor)
tar --sort=name --format=ustar --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
	-C "$work/source" -c "capmon-$version" | gzip -9n >"$out/capmon-$version.tar.gz"

cd "$out"
sha256sum -- * >"$work/sums"
cp "$work/sums" SHA256SUMS
