#!/bin/bash
# arm64test.sh [VERSION...] - runs the tests of the tracer on Debian's arm64 kernels (6.1 and 6.12 if none is named) in
# an emulator, and capmon doctor. GOTEST_RUN limits them to the tests that match it. On 6.1 fexit does not attach: it
# came to arm64 with Linux 6.4.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/.."
[ $# -gt 0 ] || set -- 6.1 6.12
"$here/vm/arm64-install.sh"

bin=$(mktemp -d "${TMPDIR:-/tmp}/capmon-arm64test.XXXXXX")
trap 'rm -rf "$bin"' EXIT
CGO_ENABLED=0 GOARCH=arm64 go build -o "$bin/capmon" ./cmd/capmon
packages='backend follow monitor'
for package in $packages; do
	CGO_ENABLED=0 GOARCH=arm64 go test -tags vm -c -o "$bin/$package.test" "./trace/$package"
done

# try_monitor - in the guest: two functions that ask for the same in the same system call must be told apart, on a
# processor that signs return addresses.
try_monitor() {
	local f
	capmon monitor --json -c net_raw --for 15s >/tmp/monitor 2>/tmp/monitor.err &
	until grep -q watching /tmp/monitor.err; do sleep 0.1; done
	setpriv --reuid=nobody --regid=nogroup --clear-groups perl -e 'socket(S, 17, 3, 0); socket(S, 2, 3, 1)'
	wait
	for f in packet_create inet_create; do
		grep -o "\"function\":\"$f\"" /tmp/monitor || { cat /tmp/monitor; return 1; }
	done
}

failed=()
for version; do
	backends=fexit,kprobe skip=
	# With one backend there is nothing to compare.
	[ "$version" != 6.1 ] || backends=kprobe skip='^TestBackendsAgree$'
	echo "=== arm64 kernel $version: $backends"
	start=$SECONDS status=0
	"$here/vm/arm64.sh" "$version" "$bin" -- "$(declare -f try_monitor)
		capmon doctor || exit
		capmon discover --user nobody 'chroot / true' | grep ' needs CAP_SYS_CHROOT ' || exit
		try_monitor || exit
		export CAPMON_TEST_BACKENDS=$backends CAPMON_TEST_VM=1 CI=${CI-}
		for package in $packages; do
			\$package.test -test.timeout 18m -test.run '${GOTEST_RUN-}' -test.skip '$skip' ${GOTEST_V:+-test.v} || exit
		done" || status=$?
	[ "$status" -eq 0 ] || failed+=("$version (status $status)")
	echo "=== arm64 kernel $version: status $status after $((SECONDS - start)) s"
done
if [ ${#failed[@]} -gt 0 ]; then
	printf 'arm64test.sh: FAILED: %s\n' "${failed[@]}"
	exit 1
fi
echo "arm64test.sh: passed on arm64 kernels $*"
