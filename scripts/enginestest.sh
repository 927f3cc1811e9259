#!/bin/bash
# enginestest.sh [podman|docker [NAME]] - has capmon discover the images of internal/engines by real engines, on a Debian
# kernel (6.12) in a VM with systemd as PID 1; NAME limits it to the images that match. Then wrong input and killed
# discoveries, after which nothing may be left.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
	echo "enginestest.sh: FAILED: $*" >&2
	exit 1
}

# in_guest ENGINE BIN PATTERN
in_guest() {
	local engine=$1 bin=$2 store
	# The root file system is an overlay, in which an engine cannot make another.
	case $engine in
	podman) store=/var/lib/containers ;;
	docker) store=/var/lib/docker ;;
	esac
	mkdir -p "$store"
	mount -t tmpfs -o size=60% store "$store"
	# Debian's own, whatever stands before them.
	export PATH=/usr/sbin:/usr/bin:/sbin:/bin
	[ "$engine" != docker ] || systemctl start docker </dev/null || fail "docker does not start"
	# Its own ports are those of the tests.
	export CAPMON_ENGINES=$engine CAPMON_ENGINES_BIN=$bin/capmon
	# The program is in an image, too, where it lies is the same.
	cp "$bin/engines.test" /usr/bin/capmon-engines
	exec /usr/bin/capmon-engines -test.v -test.timeout 80m -test.run "$3"
}

if [ "${1-}" = --in-guest ]; then
	in_guest "$2" "$3" "$4"
fi

bin=$(mktemp -d "${TMPDIR:-/tmp}/capmon-enginestest.XXXXXX")
trap 'rm -rf "$bin"' EXIT
cd "$here/.."
export CGO_ENABLED=0
go build -o "$bin/capmon" ./cmd/capmon
go test -tags vm -c -o "$bin/engines.test" ./internal/engines
engines=${1-podman docker}
for engine in $engines; do
	scripts/vm/run.sh --systemd --timeout 5000 --mem 4096 --env CI="${CI-}" 6.12 -- \
		scripts/enginestest.sh --in-guest "$engine" "$bin" "${2-.}"
done
