#!/bin/sh
# go.sh - prints the directory of a go command that can read go.mod, for the head of PATH. Go 1.21 and later fetch the toolchain that
# go.mod asks for by themselves. Where Go is older or missing, as on Debian 12, this installs Debian's Go, and by it that
# toolchain, which is a module like any other (go.dev/doc/toolchain).
set -eu
cd "$(dirname "$0")/.."

# modern says whether Go is one that reads any go.mod.
modern() {
	version=$(GOTOOLCHAIN=local go version 2>/dev/null) || return 1
	minor=$(printf '%s\n' "$version" | sed -n 's/^go version go1\.\([0-9]*\).*/\1/p')
	[ -z "$minor" ] || [ "$minor" -ge 21 ]
}

if modern; then
	dirname "$(command -v go)"
	exit 0
fi
if ! command -v go >/dev/null; then
	if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
		echo 'go.sh: Go is missing: install 1.21 or later (go.dev/dl), or any Go from your distribution' >&2
		exit 1
	fi
	get() { DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends golang-go ca-certificates git >&2; }
	get || { apt-get update -q >&2 && get; }
	if modern; then
		dirname "$(command -v go)"
		exit 0
	fi
fi

wanted=$(sed -n 's/^go \([0-9.]*\)$/\1/p' go.mod)
module=golang.org/toolchain@v0.0.1-go$wanted.$(go env GOOS)-$(go env GOARCH)
# Outside of this module, whose go.mod an old Go cannot read.
dir=$(cd / && GOFLAGS='' go mod download -json "$module" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p; s/^\t"Error": "\(.*\)",*$/go.sh: \1/w /dev/stderr')
if [ -z "$dir" ]; then
	echo "go.sh: this is $(go version | cut -d' ' -f3), and the toolchain go$wanted could not be fetched: install Go 1.21 or later (go.dev/dl)" >&2
	exit 1
fi
# A module's files cannot be executed, and the module cache is read-only.
if [ ! -x "$dir/bin/go" ] || [ ! -x "$dir/pkg/tool/$(go env GOOS)_$(go env GOARCH)/compile" ]; then
	chmod -R u+w "$dir/bin" "$dir/pkg/tool"
	chmod -R a+x "$dir/bin" "$dir/pkg/tool"
fi
echo "$dir/bin"
