#!/bin/bash
# unitstest.sh [NAME] - discovers the services of internal/units by systemd, on a Debian kernel (6.12) in a VM with
# systemd as PID 1; NAME limits it to the services that match. Each drop-in is tried exactly as it is printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bin=$(mktemp -d "${TMPDIR:-/tmp}/capmon-unitstest.XXXXXX")
trap 'rm -rf "$bin"' EXIT
export CGO_ENABLED=0
go build -o "$bin/capmon" ./cmd/capmon
go test -c -o "$bin/units.test" ./internal/units
# Its address is in the way of the name servers.
scripts/vm/run.sh --systemd --timeout 5000 --mem 4096 --env CAPMON_UNITS=all --env CAPMON_UNITS_MANAGER=systemd \
	--env "CAPMON_UNITS_BIN=$bin/capmon" 6.12 -- sh -c \
	"systemctl stop systemd-resolved; exec '$bin/units.test' -test.v -test.timeout 80m -test.run 'TestUnits/${1-}'"
