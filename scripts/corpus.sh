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
kernels='6.1 6.12'
backends=fexit,kprobe

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
	go test -c -o "$work/corpus.test" ./cmd/capmon/corpus
	local failed=() version
	CAPMON_CORPUS=search CAPMON_CORPUS_BIN="$work/capmon" CAPMON_CORPUS_OUT="$work/results" \
		"$work/corpus.test" -test.timeout 60m -test.run "${1-}" || failed+=(here)
	for version in $kernels; do
		guest "$version" "${1-}" || failed+=("on $version")
	done
	if [ ${#failed[@]} -gt 0 ]; then
		echo "corpus.sh: FAILED: ${failed[*]}" >&2
		exit 1
	fi
	[ -n "${1-}" ] || go run ./cmd/capmon/corpus/document "$work/results" >"$work/corpus.md"
	[ ! -s "$work/corpus.md" ] || cp "$work/corpus.md" docs/corpus.md
}

# In the guest /dev/shm is a tmpfs: on its root, an overlay, the kernel makes checks of its own.
guest() {
	scripts/vm/run.sh --timeout 1800 --out "$work/results" --env TMPDIR=/dev/shm --env CI=true --env CAPMON_CORPUS_PLACE=guest \
		--env "CAPMON_CORPUS_BIN=$work/capmon" --env "CAPMON_CORPUS_OUT=$work/results" --env "CAPMON_TEST_BACKENDS=$backends" \
		"$1" -- "$work/corpus.test" -test.timeout 29m -test.run "$2"
}

case ${1-} in
install) install_missing ;;
run) run "${2-}" ;;
*) echo "usage: $0 install | run [NAME]" >&2; exit 2 ;;
esac
