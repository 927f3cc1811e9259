#!/bin/bash
# action.sh get|verify - the steps of action.yml. get puts capmon into $RUNNER_TEMP/capmon, verify runs it.
set -euo pipefail
capmon=$RUNNER_TEMP/capmon

# download fetches the release, and checks its sum before it can be run.
download() {
	local version=${CAPMON_VERSION#v} arch name base
	case $(uname -m) in
	x86_64) arch=amd64 ;;
	aarch64) arch=arm64 ;;
	*) echo "::error::there is no release of capmon for $(uname -m)"; exit 1 ;;
	esac
	name=capmon-$version-linux-$arch
	base=${GITHUB_SERVER_URL:-https://github.com}/capmon/capmon/releases/download/v$version
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	if ! curl -fsSL --retry 3 -o "$work/SHA256SUMS" "$base/SHA256SUMS" || ! curl -fsSL --retry 3 -o "$work/$name" "$base/$name"; then
		echo "::error::capmon v$version cannot be downloaded: see $base"
		exit 1
	fi
	if ! (cd "$work" && awk -v name="$name" '$2 == name' SHA256SUMS | sha256sum --quiet -c -); then
		echo "::error::the download of capmon v$version is damaged: its sum is not that of SHA256SUMS"
		exit 1
	fi
	install -m 755 "$work/$name" "$capmon"
}

build() {
	if ! command -v go >/dev/null; then
		echo '::error::capmon is built with Go here: put actions/setup-go before, or give a release as version'
		exit 1
	fi
	(cd "$GITHUB_ACTION_PATH" && CGO_ENABLED=0 go build -trimpath -o "$capmon" ./cmd/capmon)
}

case ${1-} in
get)
	case ${CAPMON_VERSION-} in
	v[0-9]*.[0-9]*.[0-9]*) download ;;
	*) build ;;
	esac
	"$capmon" version
	;;
verify)
	cd "$CAPMON_DIRECTORY"
	# The splitting into options is wanted.
	# shellcheck disable=SC2206
	options=(${CAPMON_OPTIONS-})
	[ -z "${CAPMON_JUNIT-}" ] || options+=(--junit "$CAPMON_JUNIT")
	as_root=()
	# GITHUB_ACTIONS makes capmon write annotations.
	[ "$(id -u)" -eq 0 ] || as_root=(sudo --preserve-env=GITHUB_ACTIONS,GITHUB_WORKSPACE)
	exec "${as_root[@]}" "$capmon" verify "${options[@]}"
	;;
*)
	echo "usage: $0 get|verify" >&2
	exit 2
	;;
esac
