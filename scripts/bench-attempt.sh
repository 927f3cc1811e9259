#!/bin/bash
# bench-attempt.sh - how many milliseconds an attempt takes more than the command alone, as the median of many: at most 5
# are wanted, 25 in a sandbox. A figure for people: a busy machine gives others, so no test depends on it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

CGO_ENABLED=0 go test ./internal/corpus -run '^$' -bench BenchmarkAttempt -benchtime "${1-3s}" | awk '
	/median/ {
		name = $1; sub(/^BenchmarkAttempt\//, "", name); sub(/-[0-9]+$/, "", name)
		for (i = 2; i < NF; i++) if ($(i + 1) ~ /^median/) took[name] = $i / 1000
		if (name == "alone") { alone = took[name]; printf "%-18s %7.2f ms\n", name, alone; next }
		over = took[name] - alone
		limit = name == "sandbox" ? 25 : 5
		printf "%-18s %7.2f ms, %6.2f more than alone (at most %d wanted)\n", name, took[name], over, limit
	}
	/^FAIL/ { failed = 1 }
	END { exit failed || !alone }'
