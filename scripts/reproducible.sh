#!/bin/bash
# reproducible.sh - builds capmon in two directories of other names, and fails unless the binaries are the same.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d "${TMPDIR:-/tmp}/capmon-reproducible.XXXXXX")
trap 'rm -rf "$work"' EXIT
for dir in "$work/one" "$work/another/below"; do
	mkdir -p "$dir"
	git archive HEAD | tar -x -C "$dir"
	(cd "$dir" && CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -trimpath -o capmon ./cmd/capmon)
done
cmp "$work/one/capmon" "$work/another/below/capmon"
echo "reproducible.sh: two builds are identical"
