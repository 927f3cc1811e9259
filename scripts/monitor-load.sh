#!/bin/bash
# monitor-load.sh [OPTION...] - runs `capmon monitor OPTION...` under a load of a million checks from 100,000 processes
# and prints what that cost: capmon's memory at its highest, what its eBPF maps hold, and what was lost.
# PROCESSES and CHECKS in the environment make the load another.
set -euo pipefail

dir=$(mktemp -d "${TMPDIR:-/tmp}/capmon-load.XXXXXX")
monitor=''
# shellcheck disable=SC2317 # reached by the trap
cleanup() {
	[ -z "$monitor" ] || kill "$monitor" 2>/dev/null || true
	rm -rf "$dir"
}
trap cleanup EXIT

cd "$(dirname "${BASH_SOURCE[0]}")/.."
CGO_ENABLED=0 go build -o "$dir/capmon" ./cmd/capmon
cc -O2 -Wall -o "$dir/load" scripts/monitor-load.c

memory() { grep -E '^Vm(HWM|RSS)' "/proc/$monitor/status" | tr -s '\t\n' ' '; }
maps() { # all the eBPF maps that capmon holds
	cat "/proc/$monitor/fdinfo/"* 2>/dev/null |
		awk '/^memlock:/ { size = $2 } /^map_id:/ { held[$2] = size } END { for (id in held) n += held[id]; printf "%d kB", n / 1024 }'
}

"$dir/load" "${PROCESSES:-100000}" "${CHECKS:-10}" | sed 's/^/without capmon: /'
"$dir/capmon" monitor "$@" >"$dir/out" 2>"$dir/err" &
monitor=$!
until grep -q watching "$dir/err"; do kill -0 "$monitor"; done
echo "before the load: $(memory) maps: $(maps)"
"$dir/load" "${PROCESSES:-100000}" "${CHECKS:-10}" | sed 's/^/with capmon: /'
echo "after the load: $(memory) maps: $(maps)"
echo "processor time of capmon: $(awk '{ printf "%.1f s", ($14 + $15) / 100 }' "/proc/$monitor/stat")"
kill -INT "$monitor"
wait "$monitor" || true
monitor=''
awk '$2 == "load" && $8 == "sethostname" { lines++; n += $10 } END { printf "lines: %d, checks in them: %d\n", lines, n }' "$dir/out"
tail -1 "$dir/err"
