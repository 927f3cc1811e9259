#!/bin/bash
# systemdtest.sh [VERSION] - has capmon write a systemd drop-in for a service that needs two capabilities, on a Debian
# kernel (6.12) in a VM with systemd as PID 1. The service must fail without the drop-in, work with it and then hold
# exactly the set that was found, and fail when either capability is taken out of it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# What the service is and where: in the guest's memory.
unit="capmon-systemdtest.service"
etc=/etc/systemd/system
dropin=$etc/$unit.d/50-capmon.conf
server=/opt/capmon-systemdtest.pl
# CAP_DAC_READ_SEARCH is bit 2, CAP_NET_BIND_SERVICE bit 10 (linux/capability.h).
mask=0000000000000404

fail() {
	echo "systemdtest.sh: FAILED: $*" >&2
	journalctl -q -b -u "$unit" -o cat --no-pager | tail -n 20 >&2
	exit 1
}

# write_service - a service of the user daemon that reads what only root may, listens where only root may, and then
# tells everyone who connects what it is allowed to do.
write_service() {
	cat >"$server" <<-'END'
		use strict;
		use IO::Socket::INET;
		use IO::Socket::UNIX;
		open(my $shadow, '<', '/etc/shadow') or die "open /etc/shadow: $!\n";
		my $port = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 80, Listen => 5, ReuseAddr => 1)
			or die "listen on port 80: $!\n";
		if (my $path = $ENV{NOTIFY_SOCKET}) {
			$path =~ s/^@/\0/;
			IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $path)->send('READY=1') or die "notify: $!\n";
		}
		while (my $client = $port->accept) {
			open(my $status, '<', '/proc/self/status') or die $!;
			print $client grep { /^(Cap|Uid|NoNewPrivs)/ } <$status>;
			close($client);
		}
	END
	cat >"$etc/$unit" <<-END
		[Service]
		Type=notify
		User=daemon
		ExecStart=/usr/bin/perl $server
	END
}

# ask - what the service says of itself.
ask() {
	perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:80") or exit 1; print while <$s>'
}

# must_fail WHAT WORDS - the service must not start, and say these words.
must_fail() {
	systemctl daemon-reload
	systemctl reset-failed "$unit" 2>/dev/null || true
	local since
	since=$(date '+%F %T')
	if systemctl start "$unit" 2>/dev/null; then fail "$1, it starts"; fi
	journalctl --sync
	journalctl -q -b -u "$unit" -o cat --no-pager --since "$since" | grep -qF "$2" || fail "$1, it does not say: $2"
	echo "$1, it fails: $2"
}

in_guest() {
	local capmon=$1 field value status
	[ "$(cat /proc/1/comm)" = systemd ] || fail "systemd is not PID 1"
	write_service
	must_fail "without a drop-in" "open /etc/shadow: Permission denied"

	mkdir -p "$(dirname "$dropin")"
	"$capmon" discover --user daemon --ready "perl -MIO::Socket::INET -e 'IO::Socket::INET->new(PeerAddr => \"127.0.0.1:80\") or exit 1'" \
		--emit systemd -o "$dropin" -- /usr/bin/perl "$server" || fail "capmon discover: status $?"
	cat "$dropin"

	systemctl daemon-reload
	systemctl start "$unit" || fail "with the drop-in, it does not start"
	status=$(ask) || fail "with the drop-in, it does not answer"
	echo "$status"
	for field in CapInh CapPrm CapEff CapBnd CapAmb; do
		value=$(sed -n "s/^$field:\t//p" <<<"$status")
		[ "$value" = "$mask" ] || fail "$field is $value, want $mask"
	done
	grep -q $'^Uid:\t1\t1\t1\t1$' <<<"$status" || fail "it does not run as daemon"
	grep -q $'^NoNewPrivs:\t1$' <<<"$status" || fail "no_new_privs is off"
	# systemd ignores with a warning what it does not understand.
	journalctl --sync
	if journalctl -q -b -o cat --no-pager _PID=1 | grep -F "$dropin"; then fail "systemd complains of the drop-in"; fi
	systemctl stop "$unit"
	echo "with the drop-in, it works with exactly that set"

	local found=$dropin.found
	mv "$dropin" "$found"
	sed 's/CAP_DAC_READ_SEARCH//' "$found" >"$dropin"
	must_fail "without CAP_DAC_READ_SEARCH" "open /etc/shadow: Permission denied"
	sed 's/CAP_NET_BIND_SERVICE//' "$found" >"$dropin"
	must_fail "without CAP_NET_BIND_SERVICE" "listen on port 80: Permission denied"
	echo "systemdtest.sh: passed"
}

if [ "${1-}" = --in-guest ]; then
	in_guest "$2"
	exit
fi

bin=$(mktemp -d "${TMPDIR:-/tmp}/capmon-systemdtest.XXXXXX")
trap 'rm -rf "$bin"' EXIT
(cd "$here/.." && CGO_ENABLED=0 go build -o "$bin/capmon" ./cmd/capmon)
"$here/vm/run.sh" --systemd "${1-6.12}" -- "$here/systemdtest.sh" --in-guest "$bin/capmon"
