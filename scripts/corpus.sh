#!/bin/bash
# corpus.sh install       installs the programs of the corpus that are missing, without starting or enabling a service
# corpus.sh run [NAME]    discovers them all, compares every set with what brute force finds, runs the small commands on
#                         Debian's kernels in virtual machines too, and writes docs/corpus.md; NAME limits it to the tests
#                         that match, and writes nothing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages='perl-base iproute2 libcap2-bin util-linux passwd procps e2fsprogs hostname login
nginx-light haproxy dnsmasq chrony openssh-server openssh-client cron at logrotate tcpdump iputils-ping fping traceroute
iptables nftables ethtool strace gdb linux-perf bpftool'
services='nginx haproxy dnsmasq chrony ssh cron atd nftables'
# In a guest without KVM a case takes seconds, so each kernel runs one backend.
guests='6.1:kprobe 6.12:fexit'

install_missing() {
	local missing=() p
	for p in $packages; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	# Packages of services ask this file whether they may start them (invoke-rc.d(8)).
	local policy=/usr/sbin/policy-rc.d made=''
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
		made=1
	fi
	local enabled=() s status=0
	for s in $services; do
		[ "$(systemctl is-enabled "$s" 2>/dev/null)" != enabled ] || enabled+=("$s")
	done
	get "${missing[@]}" || { apt-get update -q >&2 && get "${missing[@]}"; } || status=$?
	[ -z "$made" ] || rm "$policy"
	# What was not enabled before shall not be afterwards.
	for s in $services; do
		case " ${enabled[*]-} " in
		*" $s "*) ;;
		*) systemctl disable -q "$s" 2>/dev/null || true ;;
		esac
	done
	return $status
}

get() { env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2; }

run() {
	work=$(mktemp -d "${TMPDIR:-/tmp}/capmon-corpus.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	chmod 755 "$work"
	mkdir "$work/results"
	export CGO_ENABLED=0
	go build -o "$work/capmon" ./cmd/capmon
	go test -c -o "$work/corpus.test" ./internal/corpus
	local failed=() guest
	CAPMON_CORPUS=search CAPMON_CORPUS_BIN="$work/capmon" CAPMON_CORPUS_OUT="$work/results" \
		"$work/corpus.test" -test.timeout 60m -test.run "${1-}" || failed+=(here)
	for guest in $guests; do
		guest "${guest%:*}" "${guest#*:}" "${1-}" || failed+=("on $guest")
	done
	if [ ${#failed[@]} -gt 0 ]; then
		echo "corpus.sh: FAILED: ${failed[*]}" >&2
		exit 1
	fi
	[ -z "${1-}" ] || return 0
	go run ./internal/corpus/document "$work/results" >"$work/corpus.md"
	cp "$work/corpus.md" docs/corpus.md
}

# guest VERSION BACKENDS NAME - in the guest /dev/shm is a tmpfs: on its root, an overlay, the kernel makes checks of its
# own. 125 is a guest that ended without a status: QEMU without KVM now and then executes a breakpoint that the kernel had
# put into its own code for a moment, and took away again. That says nothing of capmon.
guest() {
	local try status=125
	for try in 1 2 3; do
		[ "$status" -eq 125 ] || break
		[ "$try" -eq 1 ] || echo "corpus.sh: kernel $1 again" >&2
		status=0
		scripts/vm/run.sh --timeout 1800 --out "$work/results" --env TMPDIR=/dev/shm --env CI=true --env CAPMON_CORPUS_PLACE=guest \
			--env "CAPMON_CORPUS_BIN=$work/capmon" --env "CAPMON_CORPUS_OUT=$work/results" --env "CAPMON_TEST_BACKENDS=$2" \
			"$1" -- "$work/corpus.test" -test.timeout 29m -test.run "$3" -test.skip "^TestPrograms$" || status=$?
	done
	return $status
}

case ${1-} in
install) install_missing ;;
run) run "${2-}" ;;
*) echo "usage: $0 install | run [NAME]" >&2; exit 2 ;;
esac
