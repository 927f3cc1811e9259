#!/bin/bash
# servicetest.sh [VERSION] - has capmon discover services by their units, on a Debian kernel (6.12) in a VM with systemd
# as PID 1: by systemd and by capmon itself, which must agree; with the service active before, which it must be again
# afterwards, also when capmon is interrupted or killed. The drop-in must put exactly the set in force.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# What the service is and where: in the guest's memory.
name=capmon-servicetest
unit=/etc/systemd/system/$name.service
state=/opt/$name
# By capabilities(7): chown(2) to another owner, chroot(2), nice(2) below 0.
want=CAP_CHOWN,CAP_SYS_CHROOT,CAP_SYS_NICE
# Bits 0, 18 and 23 of linux/capability.h.
mask=0000000000840001

fail() {
	echo "servicetest.sh: FAILED: $*" >&2
	journalctl -q -b -o cat --no-pager | tail -n 20 >&2
	exit 1
}

write_service() {
	mkdir -p "$state"
	touch "$state/owned"
	cat >"$state/daemon" <<-'END'
		#!/usr/bin/perl
		use Socket;
		chroot "/" or die "chroot: $!\n";
		$SIG{HUP} = sub { setpriority(0, 0, -5) or die "nice: $!\n" };
		socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die $!;
		send($s, "READY=1", 0, sockaddr_un($ENV{NOTIFY_SOCKET})) or die "notify: $!\n";
		sleep 1000 while 1;
	END
	chmod 755 "$state/daemon"
	cat >"$unit" <<-END
		[Service]
		Type=notify
		ExecStartPre=/bin/chown 65534 $state/owned
		ExecStart=$state/daemon %N
		ExecReload=/bin/sh -c 'kill -HUP \$MAINPID; sleep 0.3; kill -0 \$MAINPID'
	END
	cat >"/etc/systemd/system/$name-user.service" <<-END
		[Service]
		User=nobody
		StateDirectory=%N
		PrivateTmp=yes
		ProtectKernelLogs=yes
		ExecStart=/usr/sbin/chroot / sleep 1000
	END
	# It starts only once, unless what it leaves is cleaned up.
	cat >"/etc/systemd/system/$name-once.service" <<-END
		[Service]
		ExecStart=/bin/sh -c 'mkdir $state/once && exec sleep 1000'
	END
	systemctl daemon-reload
}

nothing_left() {
	local left
	left=$(find /run -maxdepth 3 \( -name 'capmon-[0-9a-f]*-*' -o -name 'capmon-[0-9a-f][0-9a-f][0-9a-f][0-9a-f]*' \) ! -name 'capmon-vm*')
	[ -z "$left" ] || fail "$1, this is left: $left"
	left=$(systemctl list-units --all --no-legend 'capmon-*-*.service' | grep -v "$name.service" || true)
	[ -z "$left" ] || fail "$1, this unit is left: $left"
}

# until_true COMMAND... - waits for it, and fails after a minute and a half.
until_true() {
	local n
	for ((n = 0; n < 900; n++)); do
		if "$@" >/dev/null 2>&1; then return; fi
		sleep 0.1
	done
	fail "this does not come true: $*"
}

has_copy() { compgen -G '/run/systemd/system/capmon-*-'"$name.service" | grep -q .; }
no_copy() { ! has_copy; }

# ended_by SIGNAL - capmon is ended so in the middle of a discovery.
ended_by() {
	"$capmon" discover --unit "$name" --stop-running >/dev/null 2>&1 &
	local pid=$!
	until_true has_copy
	kill "-$1" "$pid"
	wait "$pid" 2>/dev/null || true
	until_true no_copy
	until_true systemctl is-active -q "$name"
	nothing_left "after SIG$1"
	echo "after SIG$1: the service is active again, and nothing is left"
}

# agree UNIT ARG... - systemd and capmon find the same set.
agree() {
	local by_systemd by_capmon
	by_systemd=$("$capmon" discover --emit list --unit "$@" 2>/dev/null) || fail "$1 by systemd: status $?"
	by_capmon=$("$capmon" discover --manager capmon --emit list --unit "$@" 2>/dev/null) || fail "$1 by capmon: status $?"
	[ "$by_systemd" = "$by_capmon" ] || fail "$1 needs '$by_systemd' by systemd and '$by_capmon' by capmon"
	nothing_left "after $1"
	echo "$1: ${by_systemd:-nothing}, whoever runs it"
}

# The line of --emit systemd-run is run as it is printed, and with one capability less.
systemd_run() {
	local line
	line=$("$capmon" discover --user nobody --emit systemd-run 'cat /etc/shadow >/dev/null && chroot / true' 2>/dev/null | grep '^systemd-run ') ||
		fail "no line for systemd-run"
	sh -c "$line" </dev/null || fail "status $? of $line"
	[[ $line = *' CAP_SYS_CHROOT'* ]] || fail "CAP_SYS_CHROOT is not in $line"
	! sh -c "${line// CAP_SYS_CHROOT/}" </dev/null >/dev/null 2>&1 || fail "it succeeds without CAP_SYS_CHROOT"
	echo "systemd-run runs the line of --emit systemd-run"
}

in_guest() {
	capmon=$1
	local pid status found
	[ "$(cat /proc/1/comm)" = systemd ] || fail "systemd is not PID 1"
	write_service
	systemctl start "$name" || fail "the service does not start"
	pid=$(systemctl show -p MainPID --value "$name")

	status=0
	"$capmon" discover --unit "$name" || status=$?
	[ $status = 125 ] || fail "with the service active: status $status"
	[ "$(systemctl show -p MainPID --value "$name")" = "$pid" ] || fail "the active service was touched"

	"$capmon" discover --unit "$name" --stop-running --install || fail "discover: status $?"
	systemctl is-active -q "$name" || fail "the service is not active again"
	nothing_left "after a discovery"
	found=$("$capmon" discover --emit list)
	[ "$found" = "$want" ] || fail "found $found, want $want"
	grep -q '^# Proven: systemd started the service with exactly this drop-in' "$unit.d/50-capmon.conf" || fail "the drop-in is not proven"
	systemctl daemon-reload
	systemctl restart "$name" || fail "with the drop-in, it does not start"
	systemctl reload "$name" || fail "with the drop-in, it does not reload"
	found=$(sed -n 's/^CapBnd:\t//p' "/proc/$(systemctl show -p MainPID --value "$name")/status")
	[ "$found" = "$mask" ] || fail "the bounding set is $found, want $mask"
	rm -r "$unit.d"
	systemctl daemon-reload

	ended_by INT
	ended_by KILL
	systemctl stop "$name"
	agree "$name"
	agree "$name-user"
	systemd_run

	status=0
	"$capmon" discover --unit "$name-once" >"$state/out" || status=$?
	[ $status = 3 ] || fail "with a drop-in that fails: status $status"
	grep -q '^unproven: with the drop-in as it is printed the service fails (attempt 2' "$state/out" || fail "a drop-in that fails: $(cat "$state/out")"
	rmdir "$state/once"
	"$capmon" discover --unit "$name-once" --cleanup "rmdir $state/once" || fail "with --cleanup: status $?"
	echo "a drop-in that fails is not called proven"
	echo "servicetest.sh: passed"
}

if [ "${1-}" = --in-guest ]; then
	in_guest "$2"
	exit
fi

bin=$(mktemp -d "${TMPDIR:-/tmp}/capmon-servicetest.XXXXXX")
trap 'rm -rf "$bin"' EXIT
(cd "$here/.." && CGO_ENABLED=0 go build -o "$bin/capmon" ./cmd/capmon)
"$here/vm/run.sh" --systemd "${1-6.12}" -- "$here/servicetest.sh" --in-guest "$bin/capmon"
