package corpus

// answers asks a web server on port 80 of this machine for a page.
const answers = `perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:80") or exit 1;
	print $s "GET / HTTP/1.0\r\n\r\n"; exit(<$s> !~ /200/)'`

func webServers() []Case {
	return []Case{
		{Name: "nginx", Command: "nginx -g 'daemon off;'", Ready: answers, Sandbox: "net",
			Want:     "cap_dac_override,cap_net_bind_service",
			Source:   "root's log files and /run/nginx.pid; port 80",
			Packages: []string{"nginx-light"}, Slow: true, Program: "/usr/sbin/nginx", Unit: "nginx.service"},
		{Name: "nginx with workers of another user", User: "root", Command: "nginx -g 'daemon off;'", Ready: answers, Sandbox: "net",
			Want:     "cap_chown,cap_dac_override,cap_net_bind_service,cap_setgid,cap_setuid",
			Source:   "temporary directories for www-data; its log files; port 80; workers as www-data, who must answer",
			Packages: []string{"nginx-light"}, Slow: true, Program: "/usr/sbin/nginx", Unit: "nginx.service"},
		{Name: "haproxy", User: "root", Sandbox: "net", Ready: answers,
			Setup:    `printf '%s\n' 'frontend f' ' bind 127.0.0.1:80' ' mode http' ' timeout client 5s' ' http-request return status 200' >DIR/cfg`,
			Command:  "haproxy -db -f /etc/haproxy/haproxy.cfg -f DIR/cfg",
			Want:     "cap_dac_override,cap_net_bind_service,cap_setgid,cap_setuid,cap_sys_chroot",
			Source:   "a socket in haproxy's /run/haproxy; port 80; it becomes haproxy, in /var/lib/haproxy",
			Packages: []string{"haproxy"}, Slow: true, Program: "/usr/sbin/haproxy", Unit: "haproxy.service"},
	}
}

func nameAndTime() []Case {
	// A question for the address of localhost.
	const resolves = `perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 0);
		send(S, pack("nnnnnnC/a*Cnn", 1, 256, 1, 0, 0, 0, "localhost", 0, 1, 1), 0, sockaddr_in(53, INADDR_LOOPBACK)) or exit 1;
		alarm 1; recv(S, $r, 512, 0) or exit 1'`
	const dnsmasq = "dnsmasq --keep-in-foreground --no-resolv --conf-file=/dev/null --pid-file="
	return []Case{
		{Name: "dnsmasq", Command: dnsmasq, Ready: resolves, Sandbox: "net",
			Want: "cap_net_bind_service", Source: "port 53",
			Packages: []string{"dnsmasq"}, Slow: true, Program: "/usr/sbin/dnsmasq", Unit: "dnsmasq.service"},
		{Name: "dnsmasq that becomes another user", User: "root", Command: dnsmasq, Ready: resolves, Sandbox: "net",
			Want:     "cap_net_bind_service,cap_setgid,cap_setuid",
			Source:   "port 53; it becomes dnsmasq, for which it raises CAP_SETUID with capset(2), before any check",
			Packages: []string{"dnsmasq"}, Slow: true, Program: "/usr/sbin/dnsmasq", Unit: "dnsmasq.service"},
		{Name: "chronyd", InsistsOnRoot: true, Command: "chronyd -d -f /dev/null", Ready: "chronyc -n tracking", Sandbox: "net",
			Want:     "cap_chown,cap_dac_override,cap_net_bind_service,cap_setgid,cap_setuid,cap_sys_time",
			Source:   "its directories for _chrony; files in them; it keeps CAP_NET_BIND_SERVICE and CAP_SYS_TIME with capset(2), as _chrony",
			Packages: []string{"chrony"}, Slow: true, Program: "/usr/sbin/chronyd", Unit: "chrony.service"},
	}
}

func logins() []Case {
	const key = `mkdir -p /run/sshd; useradd -m -s /bin/sh -p '*' capmon-guest; ssh-keygen -q -t ed25519 -N '' -f DIR/key;
		install -D -o capmon-guest -m 600 DIR/key.pub ~capmon-guest/.ssh/authorized_keys`
	const login = `ssh -i DIR/key -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null capmon-guest@127.0.0.1 true`
	return []Case{
		{Name: "sshd", User: "root", Command: "/usr/sbin/sshd -D", Setup: key, Ready: login, Sandbox: "net",
			Want:     "cap_net_bind_service,cap_setgid,cap_setuid,cap_sys_chroot",
			Source:   "port 22; it answers strangers as sshd in /run/sshd, and logs in somebody",
			Packages: []string{"openssh-server", "openssh-client"}, Slow: true, Program: "/usr/sbin/sshd", Unit: "ssh.service"},
		{Name: "su", InsistsOnRoot: true, Command: "su daemon -s /bin/sh -c true", Sandbox: "yes",
			Want: "cap_setgid,cap_setuid", Source: "initgroups(3), setuid(2); to others than uid 0 it asks for a password",
			Slow: true, Program: "/bin/su"},
		{Name: "runuser", InsistsOnRoot: true, Command: "runuser -u daemon true", Sandbox: "yes",
			Want: "cap_setgid,cap_setuid", Source: "initgroups(3), setuid(2); runuser(1): only for uid 0",
			Program: "/sbin/runuser"},
		{Name: "start-stop-daemon", Command: "start-stop-daemon --start --chuid daemon --exec /bin/true", Sandbox: "yes",
			Want: "cap_setgid,cap_setuid", Source: "initgroups(3), setuid(2)",
			Program: "/sbin/start-stop-daemon"},
	}
}

func jobs() []Case {
	return []Case{
		{Name: "cron", Command: "cron -f", Sandbox: "yes",
			Setup: "rm -f /run/crond.reboot; mkdir -m 777 DIR/d; echo '@reboot daemon touch DIR/d/ran' >/etc/cron.d/capmon",
			Ready: "test -e DIR/d/ran",
			Want:  "cap_dac_override,cap_setgid,cap_setuid", Source: "/run/crond.pid; the job as daemon",
			Packages: []string{"cron"}, Slow: true, Program: "/usr/sbin/cron", Unit: "cron.service"},
		{Name: "atd", Command: "atd -f", Sandbox: "yes",
			Setup: "echo touch DIR/ran | at now", Ready: "test -e DIR/ran",
			Want: "cap_dac_override,cap_setgid,cap_setuid", Source: "daemon's spool and /run/atd.pid; the job as root",
			Packages: []string{"at"}, Slow: true, Program: "/usr/sbin/atd", Unit: "atd.service"},
		{Name: "at", InsistsOnRoot: true, Command: "echo true | at now + 1 hour", Sandbox: "yes",
			Want: "cap_dac_override", Source: "daemon's spool; as nobody at.deny decides, after it has looked for its own user daemon",
			Packages: []string{"at"}, Slow: true, Program: "/usr/bin/at"},
		{Name: "logrotate", InsistsOnRoot: true, Command: "logrotate -f -s DIR/state DIR/conf", Sandbox: "yes",
			Setup: `mkdir DIR/logs; echo x >DIR/logs/log; printf '%s\n' 'DIR/logs/log {' 'rotate 1' 'create 640 daemon daemon' '}' >DIR/conf`,
			Check: "test -e DIR/logs/log.1 && test $(stat -c %U DIR/logs/log) = daemon",
			Want:  "cap_chown,cap_fowner", Source: "the new file for daemon; its mode; to others than uid 0 it makes the file their own",
			Packages: []string{"logrotate"}, Slow: true, Program: "/usr/sbin/logrotate", Unit: "logrotate.service"},
	}
}
