#!/bin/bash
# fuzz.sh TIME [PACKAGE...] - runs every fuzz target for TIME (such as 10s). What a target finds, go puts into the package's
# testdata/fuzz: commit it with the mend.
set -euo pipefail

[ $# -ge 1 ] || { echo "usage: $0 TIME [PACKAGE...]" >&2; exit 2; }
time=$1
shift
[ $# -gt 0 ] || set -- ./...
cd "$(dirname "$0")/.."

count=0
while read -r package target; do
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package"
	count=$((count + 1))
done < <(go test -list '^Fuzz' "$@" | awk '/^Fuzz/ { targets[++n] = $1 } /^ok/ { for (i = 1; i <= n; i++) print $2, targets[i]; n = 0 }')
[ "$count" -gt 0 ] || { echo "fuzz.sh: no fuzz target in $*" >&2; exit 1; }
echo "fuzz.sh: $count targets, $time each"
