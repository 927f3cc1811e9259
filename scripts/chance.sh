#!/bin/bash
# chance.sh [RUNS [JOBS]] - discovers two commands that fail by chance, RUNS times (200) at each of three rates of success,
# JOBS (2) at once, and counts the answers that are wrong and yet called minimal. It compares them with the goals.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

runs=${1-200} jobs=${2-2}
capmon=${CAPMON-$PWD/bin/capmon}
[[ $runs =~ ^[1-9][0-9]*$ && $jobs =~ ^[1-9][0-9]*$ ]] || { echo "usage: chance.sh [RUNS [JOBS]]" >&2; exit 2; }
[ -x "$capmon" ] || { echo "chance.sh: no $capmon: run make build" >&2; exit 1; }

out=$(mktemp -d "${TMPDIR:-/tmp}/capmon-chance.XXXXXX")
trap 'rm -rf "$out"' EXIT

# succeeds PERCENT - a command that succeeds so often and needs nothing for it. 65536 has no remainder that would matter.
succeeds() {
	# shellcheck disable=SC2016 # the command's own shell is to expand it
	printf 'test $(($(od -An -N2 -tu2 /dev/urandom)%%100)) -lt %d' "$1"
}

# discover COMMAND - prints the verdict and the set. A discovery that finds no proven set ends with 1 or 3.
discover() {
	local status=0 report
	report=$("$capmon" discover --user nobody --json "$1" 2>/dev/null) || status=$?
	case $status in
	0 | 1 | 3) jq -r '"\(.verdict | gsub(" "; "-")) \(.needs_uid_0) \(.capabilities | if length > 6 then "\(length) capabilities" else join(",") end)"' <<<"$report" ;;
	*) echo "failed with status $status" ;;
	esac
}
export -f discover
export capmon

# count PERCENT NEEDS COMMAND ALLOWED - says how often each answer came. NEEDS is the set that brute force has: that of the
# command without its chance. The status is 1 if more than ALLOWED of the answers in a thousand are proven and wrong.
count() {
	local percent=$1 needs=$2 command=$3 allowed=$4 wrong failed
	seq "$runs" | xargs -P "$jobs" -n 1 nice bash -c 'discover "$1"' discover "$command" >"$out/answers"
	wrong=$(grep '^minimal ' "$out/answers" | grep -cvx "minimal false $needs" || true)
	failed=$(grep -c '^failed' "$out/answers" || true)
	echo "$percent % of $runs runs of: $command"
	sort "$out/answers" | uniq -c | sort -rn
	echo "   wrong and minimal: $wrong (at most $((runs * allowed / 1000)))"
	[ "$failed" -eq 0 ] && [ "$wrong" -le $((runs * allowed / 1000)) ]
}

missed=0
for percent in 50 90 99; do
	allowed=0
	[ "$percent" -lt 99 ] || allowed=5
	count "$percent" '' "$(succeeds "$percent")" "$allowed" || missed=$((missed + 1))
	count "$percent" CAP_SYS_CHROOT "$(succeeds "$percent") && chroot / true" "$allowed" || missed=$((missed + 1))
done
[ "$missed" -eq 0 ] || { echo "chance.sh: $missed of 6 goals missed" >&2; exit 1; }
