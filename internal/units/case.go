// Package units is a table of services that Debian ships, each with a client
// that uses it, and of the capabilities that they need through start, serving,
// reload and stop. The sets come from trying all that matter (search_test.go),
// never from what capmon found.
package units

// Case is one service.
type Case struct {
	// Unit is its name, without ".service".
	Unit string
	// Package has it.
	Package string
	// Setup prepares the machine, a sandbox or a guest, before each attempt, and
	// Exercise uses the service as its clients would.
	Setup, Exercise string
	// Skip leaves a scenario out, for the reason Why.
	Skip, Why string
	// Want is the set, as caps.ParseSet reads it.
	Want string
	// Note explains what is more or less than one would expect.
	Note string
}

// dig asks a name server on this machine.
func dig(name, answer string) string {
	return "dig +short +tries=1 +time=3 @127.0.0.1 " + name + " A | grep -F " + answer
}

// Cases are the services, in the order of their names.
func Cases() []Case {
	return []Case{
		{Unit: "apache2", Package: "apache2", Exercise: "curl -fsS -m 5 http://localhost",
			Want: "CAP_CHOWN,CAP_NET_BIND_SERVICE",
			Note: "without CAP_SETGID and CAP_SETUID its workers stay uid 0, without a capability, and serve all the same. `--require CAP_SETGID,CAP_SETUID` has them become www-data."},
		{Unit: "chrony", Package: "chrony", Exercise: "chronyc -n tracking", Want: "CAP_DAC_OVERRIDE,CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE,CAP_SYS_TIME",
			Note: "its User= is not in force when it is executed (`ExecStart=!`): it is root that becomes _chrony by itself."},
		{Unit: "cron", Package: "cron",
			Setup:    `rm -f /run/crond.reboot /tmp/capmon-cron; echo '@reboot nobody touch /tmp/capmon-cron' >/etc/cron.d/capmon`,
			Exercise: "timeout 5 sh -c 'until test -e /tmp/capmon-cron; do sleep 0.1; done'", Want: "CAP_SETGID,CAP_SETUID"},
		{Unit: "cups", Package: "cups-daemon", Exercise: "lpstat -h localhost -r | grep running", Want: ""},
		{Unit: "dnsmasq", Package: "dnsmasq", Exercise: dig("localhost", "127.0.0.1"), Want: "CAP_DAC_OVERRIDE,CAP_KILL,CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE"},
		{Unit: "dovecot", Package: "dovecot-imapd",
			Setup: `mkdir -p /srv/mail; chown nobody: /srv/mail; printf '%s\n' 'passdb {' ' driver = static' ' args = password=x' '}' 'userdb {' ' driver = static' ` +
				`' args = uid=nobody gid=nogroup home=/srv/mail' '}' 'mail_location = maildir:/srv/mail' 'first_valid_uid = 1' >/etc/dovecot/local.conf; ` +
				`sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf`,
			Exercise: "curl -fsS -m 5 imap://joe:x@localhost/", Want: "CAP_CHOWN,CAP_DAC_OVERRIDE,CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE,CAP_SYS_CHROOT"},
		{Unit: "haproxy", Package: "haproxy",
			Setup:    `grep -q 'frontend web' /etc/haproxy/haproxy.cfg || printf '%s\n' 'frontend web' ' bind :80' ' mode http' ' http-request return status 200 content-type text/plain string ok' >>/etc/haproxy/haproxy.cfg`,
			Exercise: "curl -fsS -m 5 http://localhost", Want: "CAP_DAC_OVERRIDE,CAP_KILL,CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE,CAP_SYS_CHROOT",
			Note: "CAP_KILL is for its first process, which ends workers that have become another user."},
		{Unit: "lighttpd", Package: "lighttpd", Exercise: "curl -fsS -m 5 http://localhost", Want: "CAP_KILL,CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE",
			Note: "CAP_KILL is for its ExecReload=, which sends a signal to a process that has become another user; so it is for dnsmasq, mosquitto, snmpd and tinyproxy."},
		{Unit: "memcached", Package: "memcached", Exercise: `printf 'version\r\nquit\r\n' | nc -w 3 127.0.0.1 11211 | grep VERSION`, Want: "CAP_SETGID,CAP_SETUID"},
		{Unit: "mosquitto", Package: "mosquitto", Exercise: "mosquitto_pub -t test -m hello", Want: "CAP_CHOWN,CAP_KILL,CAP_SETGID,CAP_SETUID"},
		{Unit: "named", Package: "bind9", Exercise: dig("localhost", "127.0.0.1"), Want: "CAP_DAC_READ_SEARCH,CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE"},
		{Unit: "nginx", Package: "nginx-light", Setup: "nginx -tq", Exercise: "curl -fsS -m 5 http://localhost", Want: "CAP_DAC_OVERRIDE,CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE",
			Note: "its first start takes CAP_CHOWN besides, for directories that it gives to its workers. `nginx -t` made them before."},
		{Unit: "ngircd", Package: "ngircd", Exercise: `printf 'NICK a\r\nUSER a a a a\r\nQUIT\r\n' | nc -w 3 127.0.0.1 6667 | grep -i error`, Want: ""},
		{Unit: "nsd", Package: "nsd",
			Setup: `printf '%s\n' 'zone:' ' name: example.test' ' zonefile: /etc/nsd/zone' >/etc/nsd/nsd.conf.d/zone.conf; ` +
				`printf '%s\n' '$ORIGIN example.test.' '@ 60 SOA a b 1 1 1 1 1' '@ 60 NS a' 'a 60 A 127.0.0.9' >/etc/nsd/zone`,
			Exercise: dig("a.example.test", "127.0.0.9"), Want: "CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE"},
		{Unit: "postfix@-", Package: "postfix", Setup: "rm -f /var/mail/root", Exercise: "swaks --timeout 5 -t root@localhost -s localhost --silent 2 && timeout 5 sh -c 'until test -s /var/mail/root; do sleep 0.1; done'", Want: "CAP_DAC_READ_SEARCH,CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE,CAP_SYS_CHROOT"},
		{Unit: "postgresql@15-main", Package: "postgresql-15", Exercise: "setpriv --reuid=postgres --regid=postgres --init-groups psql -c 'select 1'", Want: "CAP_SETGID,CAP_SETUID"},
		{Unit: "prometheus-node-exporter", Package: "prometheus-node-exporter", Exercise: "curl -fsS -m 5 http://localhost:9100/metrics | grep -q node_", Want: "",
			Skip: "reload", Why: "SIGHUP, which its ExecReload= sends, ends it"},
		{Unit: "redis-server", Package: "redis-server", Exercise: "redis-cli ping | grep PONG", Want: ""},
		{Unit: "rpcbind", Package: "rpcbind", Exercise: "rpcinfo -p localhost | grep portmapper", Want: "CAP_SETGID,CAP_SETUID"},
		{Unit: "rsyslog", Package: "rsyslog", Exercise: "logger capmon-was-here && timeout 5 sh -c 'until grep -qs capmon-was-here /var/log/syslog; do sleep 0.1; done'", Want: ""},
		{Unit: "snmpd", Package: "snmpd", Exercise: "snmpget -v2c -c public -Oqv localhost 1.3.6.1.2.1.1.5.0", Want: "CAP_KILL,CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE"},
		{Unit: "ssh", Package: "openssh-server",
			Setup:    "ssh-keygen -A -q; mkdir -p -m 700 /root/.ssh; rm -f /root/.ssh/capmon; ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/capmon; cp /root/.ssh/capmon.pub /root/.ssh/authorized_keys",
			Exercise: "ssh -i /root/.ssh/capmon -o StrictHostKeyChecking=no -o BatchMode=yes localhost true", Want: "CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE,CAP_SYS_CHROOT",
			Note: "root logs in by a key. Another user takes what pam_loginuid and the terminal need besides."},
		{Unit: "systemd-resolved", Package: "systemd-resolved", Exercise: "dig +short +tries=1 +time=3 @127.0.0.53 localhost A | grep -F 127.0.0.1", Want: "CAP_SETPCAP,CAP_NET_BIND_SERVICE"},
		{Unit: "tinyproxy", Package: "tinyproxy", Setup: "rm -f /run/tinyproxy/tinyproxy.pid", Exercise: "curl -sS -m 5 -x http://localhost:8888 http://localhost:1/ | grep -i tinyproxy", Want: "CAP_DAC_OVERRIDE,CAP_KILL,CAP_SETGID,CAP_SETUID"},
		{Unit: "tor@default", Package: "tor", Exercise: "nc -z localhost 9050", Want: "CAP_SETGID,CAP_SETUID",
			Note: "`PermissionsStartOnly=yes` lets its ExecStartPre= and ExecReload= run with all privileges, whatever the set is."},
		{Unit: "unbound", Package: "unbound", Exercise: dig("localhost", "127.0.0.1"), Want: "CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE"},
		{Unit: "vsftpd", Package: "vsftpd",
			Setup:    "mkdir -p /srv/ftp; echo hello >/srv/ftp/f; sed -i s/anonymous_enable=NO/anonymous_enable=YES/ /etc/vsftpd.conf",
			Exercise: "curl -fsS -m 5 ftp://localhost/f | grep hello", Want: "CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE,CAP_SYS_CHROOT"},
	}
}
