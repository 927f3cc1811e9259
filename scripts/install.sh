#!/bin/sh
# install.sh demo|test|services|units|engines|fleet|bench|chance|dist|fresh|page|vm|race|generate: installs the Debian packages that
# this needs. Asks apt only when something is missing.
set -eu

case ${1-} in
demo) packages='iproute2' ;;
test) packages='psmisc curl apparmor e2fsprogs hostname login mount iproute2 libcap2-bin systemd procps util-linux perl kmod passwd bash bash-completion zsh fish man-db mandoc runc busybox-static strace ansible' ;;
services) packages='memcached mosquitto nginx-light mosquitto-clients curl netcat-openbsd' ;;
units) packages='apache2 bind9 chrony cron cups-daemon cups-client dnsmasq dovecot-imapd haproxy lighttpd memcached mosquitto ngircd nginx-light nsd
postfix postgresql prometheus-node-exporter redis-server rpcbind rsyslog snmpd snmp openssh-server openssh-client tinyproxy tor unbound vsftpd
mosquitto-clients curl netcat-openbsd bind9-dnsutils swaks' ;;
engines) packages='podman crun conmon uidmap slirp4netns fuse-overlayfs docker.io iptables busybox-static nginx-light redis-server haproxy postgresql-15
tcpdump chrony iputils-ping util-linux curl netcat-openbsd' ;;
fleet) packages='prometheus' ;;
bench) packages='bpftrace strace linux-perf libbpf-tools gcc libc6-dev clang-14' ;;
chance) packages='jq' ;;
vm) exec "$(dirname "$0")/vm/install.sh" ;;
dist) packages='rpm skopeo zip' ;;
fresh) packages='debootstrap' ;;
page)
	packages=chromium
	# Other packages of Node.js than Debian's bring npm along.
	command -v npm >/dev/null || packages="$packages nodejs npm"
	;;
race) packages='gcc libc6-dev libcap-dev' ;;
generate) packages='clang-14 llvm-14 libbpf-dev' ;;
*)
	echo "usage: $0 demo|test|services|units|engines|fleet|bench|chance|dist|fresh|page|vm|race|generate" >&2
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
policy=/usr/sbin/policy-rc.d
case $1 in
services | units | engines | fleet)
	# Packages of services ask this file whether they may start them (invoke-rc.d(8)).
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
		$as_root chmod 755 "$policy"
		trap '$as_root rm -f "$policy"' EXIT
	fi
	;;
esac
get || { $as_root apt-get update -q >&2 && get; }
case $1 in
services | units | engines | fleet)
	# What was not there before shall not start with the machine.
	for package in $missing; do
		for unit in $(dpkg -L "$package" | sed -n 's,^.*/systemd/system/\([^/@]*\.\(service\|socket\)\)$,\1,p'); do
			$as_root systemctl disable -q "$unit" 2>/dev/null || true
		done
	done
	;;
esac
