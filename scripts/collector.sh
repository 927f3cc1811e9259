#!/bin/sh
# collector.sh build|generate
#
# build builds the OpenTelemetry Collector of internal/collector, once for each
# version of it, and prints where the program is. The modules and the program are
# kept in the caches of go(1) and in CAPMON_CACHE (~/.cache/capmon).
#
# generate has the Collector's own builder make Go of builder.yaml. Its go.mod
# pins all modules: where a version in builder.yaml changes, change it there too.
set -eu
cd "$(dirname "$0")/../internal/collector"
BUILDER=go.opentelemetry.io/collector/cmd/builder@v0.160.0
export CGO_ENABLED=0

case ${1-} in
build)
	cache=${CAPMON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/capmon}
	mkdir -p "$cache"
	sum=$(cat go.mod go.sum ./*.go | sha256sum | cut -c 1-16)
	program=$cache/otelcol-$sum-$(go env GOVERSION)-$(go env GOARCH)
	# Several tests may ask at the same time.
	exec 9>"$program.lock"
	flock 9
	if [ ! -x "$program" ]; then
		echo "collector.sh: building the OpenTelemetry Collector, which takes minutes the first time" >&2
		go build -trimpath -ldflags '-s -w' -o "$program.new" . >&2
		mv "$program.new" "$program"
	fi
	echo "$program"
	;;
generate)
	go run "$BUILDER" --config builder.yaml --skip-compilation --skip-get-modules
	rm -f main_windows.go
	gofmt -w ./*.go
	;;
*)
	echo "usage: $0 build|generate" >&2
	exit 2
	;;
esac
