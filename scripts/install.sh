#!/bin/sh
# install.sh demo|test|bench|vm|race|generate: installs the Debian packages that this
# needs. Asks apt only when something is missing.
set -eu

case ${1-} in
demo) packages='iproute2' ;;
test) packages='psmisc apparmor e2fsprogs hostname login mount iproute2 libcap2-bin systemd procps util-linux perl-base kmod passwd bash bash-completion zsh fish man-db mandoc' ;;
bench) packages='bpftrace strace linux-perf libbpf-tools gcc libc6-dev' ;;
vm) exec "$(dirname "$0")/vm/install.sh" ;;
race) packages='gcc libc6-dev libcap-dev' ;;
generate) packages='clang-14 llvm-14 libbpf-dev' ;;
*)
	echo "usage: $0 demo|test|bench|vm|race|generate" >&2
	exit 2
	;;
esac

missing=
for package in $packages; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=none
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo

# Old lists name versions that the archive no longer has, so they are fetched
# anew when the first try fails. The splitting into words is wanted.
# shellcheck disable=SC2086
get() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2; }
get || { $as_root apt-get update -q >&2 && get; }
