#!/bin/bash
# shellcheck disable=SC2016 # what is in single quotes is for the guest's shell to expand
# test.sh [VERSION...] - checks what run.sh promises, on each kernel (6.1 and 6.12 if none is named).
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
run=$here/run.sh
passed=0 failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/capmon vm-test.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

ok() { passed=$((passed + 1)); echo "ok $1"; }
bad() { failed=$((failed + 1)); echo "FAIL $1"; }

# gives NAME STATUS STDOUT STDERR ARG... - runs run.sh ARG... and compares; STDERR is a pattern that must be found
# (an empty one: there must be nothing).
gives() {
	local name=$1 status=$2 stdout=$3 stderr=$4 got
	shift 4
	"$run" "$@" >"$tmp/1" 2>"$tmp/2"
	got=$?
	if [ $got -eq "$status" ] && [ "$(cat "$tmp/1")" = "$stdout" ] &&
		if [ -n "$stderr" ]; then grep -q -e "$stderr" "$tmp/2"; else [ ! -s "$tmp/2" ]; fi; then
		ok "$name"
	else
		bad "$name: status $got"
		sed 's/^/  1: /' "$tmp/1"
		sed 's/^/  2: /' "$tmp/2"
	fi
}

cd "$tmp" || exit
[ $# -gt 0 ] || set -- 6.1 6.12
for v; do
	release=$(cat "$("$here/kernel.sh" "$v")/release") || exit
	gives "$v: the kernel" 0 "$release" '' "$v" -- uname -r
	gives "$v: a status" 7 '' '' "$v" -- sh -c 'exit 7'
	gives "$v: both outputs" 3 a '^b$' "$v" -- sh -c 'echo a; echo b >&2; exit 3'
	gives "$v: no such command" 127 '' 'no-such-command' "$v" -- no-such-command
	gives "$v: killed by a signal" 137 '' '' "$v" -- sh -c 'kill -9 $$'
	gives "$v: arguments and variables" 0 "a  b|'\$x|\\n||1 2
$tmp|/root" '' --env 'X=1 2' --env "Y=\"'" "$v" -- \
		sh -c 'printf "%s|" "$@"; echo "$X"; echo "$PWD|$HOME"' sh 'a  b' "'\$x" '\n' ''
	gives "$v: a panic" 125 before 'Kernel panic - not syncing: sysrq' "$v" -- \
		sh -c 'echo before; sleep 1; echo c >/proc/sysrq-trigger; sleep 60'
	gives "$v: too late" 125 before 'stopped after 15 s' --timeout 15 "$v" -- sh -c 'echo before; sleep 60'
	gives "$v: the first process is killed" 125 '' 'without a status' "$v" -- sh -c 'echo o >/proc/sysrq-trigger; sleep 60'
	gives "$v: the kernel command line" 0 yes '' --append capmon.test=1 "$v" -- \
		sh -c 'grep -q capmon.test=1 /proc/cmdline && echo yes'
	gives "$v: something left behind" 0 a '' "$v" -- sh -c 'sleep 600 & echo a'

	mkdir "$tmp/bin"
	cp /usr/bin/true "$tmp/bin/has-caps"
	setcap cap_net_raw=ep "$tmp/bin/has-caps"
	PATH=$PATH:$tmp/bin gives "$v: file capabilities of this machine" 0 "$tmp/bin/has-caps cap_net_raw=ep" '' "$v" -- \
		getcap "$tmp/bin/has-caps"
	rm -r "${tmp:?}/bin"
	if [ -x /lib/systemd/systemd ]; then
		gives "$v: systemd" 4 'systemd 0' '' --systemd "$v" -- sh -c '
			echo "$(cat /proc/1/comm) $(systemd-run --pipe --wait -q id -u)"; exit 4'
	fi

	mkdir "$tmp/out dir"
	echo hello >"$tmp/out dir/in"
	gives "$v: a shared directory" 0 hello '' --out "$tmp/out dir" "$v" -- sh -c '
		cd "out dir" && cat in && echo from the guest >file && head -c 3000000 /dev/zero >big
		chmod 1777 . && setpriv --reuid nobody --regid nogroup --clear-groups mkdir of-nobody'
	if [ "$(cat "$tmp/out dir/file")" = 'from the guest' ] && [ "$(stat -c %s "$tmp/out dir/big")" = 3000000 ] &&
		[ "$(stat -c %U:%G "$tmp/out dir/of-nobody")" = nobody:nogroup ]; then
		ok "$v: what was written there"
	else
		bad "$v: what was written there"
		ls -ln "$tmp/out dir"
	fi
	rm -rf "$tmp/out dir"

	# Every byte, and a terminal's translations nowhere.
	head -c 20000000 /dev/urandom >"$tmp/bytes"
	printf 'a\r\nb\n\000\004\377' >>"$tmp/bytes"
	"$run" "$v" -- cat bytes >"$tmp/bytes.back"
	if cmp "$tmp/bytes" "$tmp/bytes.back"; then ok "$v: 20 MB unchanged"; else bad "$v: 20 MB unchanged"; fi

	# Two at once, of which one is interrupted and must leave nothing.
	"$run" "$v" -- sh -c 'sleep 3; echo first' >"$tmp/first" &
	first=$!
	mkdir "$tmp/second"
	TMPDIR=$tmp/second "$run" "$v" -- sleep 600 &
	second=$!
	sleep 4
	kill -TERM $second
	wait $second
	status=$?
	if [ $status -eq 143 ] && [ -z "$(ls "$tmp/second")" ] && ! pgrep -f "path=$tmp/second" >/dev/null; then
		ok "$v: interrupted"
	else
		bad "$v: interrupted: status $status, left: $(ls "$tmp/second"; pgrep -f "path=$tmp/second")"
	fi
	wait $first
	if [ "$(cat "$tmp/first")" = first ]; then ok "$v: two at once"; else bad "$v: two at once"; fi
	rmdir "$tmp/second"

	while read -r result name; do
		case $result in
		ok) ok "$v: in the guest: $name" ;;
		skip) if [ "${CI-}" = true ]; then bad "$v: in the guest: $name"; else echo "skip $v: in the guest: $name"; fi ;;
		*) bad "$v: in the guest: $name" ;;
		esac
	done < <("$run" "$v" -- sh "$here/test-guest.sh" || echo "FAIL the guest")
	if [ -e /vm-was-here ] || [ -e /etc/vm-was-here ] || [ -e ./vm-was-here ] || ! command -v awk >/dev/null; then
		bad "$v: the host is as it was"
	else
		ok "$v: the host is as it was"
	fi
done

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
