//go:build vm

package engines

import "time"

// Case is one image and its use.
type Case struct {
	Name  string
	Image Image
	// Options are for the engine's run.
	Options []string
	// Ready says that a daemon can be used: on the machine, with the container's
	// name in CONTAINER and the engine in ENGINE. "" for what runs to its end.
	Ready string
	// Limit is how long it may take to be ready; 0 is long enough for what ends
	// where it fails.
	Limit time.Duration
	// Check is run inside the container when it is ready.
	Check string
	// Setup is run on the machine before the image is made.
	Setup string
	// Want is the set, as caps.ParseSet reads it, and Why where that is from.
	Want, Why string
	// Docker says that docker runs it as well. DockerWant is the set if that is
	// another one, "-" if docker can grant none that would do. Files: docker needs
	// file capabilities in the image.
	Docker     bool
	DockerWant string
	Files      bool
}

// hostNetwork is the machine's network, in which ports below 1024 take a
// capability by docker, too.
var hostNetwork = []string{"--network=host"}

// Bits of linux/capability.h.
const (
	netBindService = 1 << 10
	netRaw         = 1 << 13
)

// stays is the limit of what does not end where it fails. Without KVM an engine
// takes five to ten seconds to start a container.
const stays = 25 * time.Second

func (c Case) limit() time.Duration {
	if c.Limit != 0 {
		return c.Limit
	}
	return 2 * stays
}

const curl = "curl -fsS -m 5 http://localhost"

// Cases are the images. self is the program that runs them, which serves HTTP at
// the address in SERVE.
func Cases(self string) []Case {
	return []Case{
		{Name: "nothing", Image: Image{Busybox: []string{"sh", "true"}, Changes: []string{`CMD ["true"]`}}, Docker: true,
			Why: "it asks for nothing"},
		{Name: "nginx", Image: Image{
			Programs: []string{"/usr/sbin/nginx"},
			Files: []File{
				{Path: "/etc/nginx.conf", Text: "daemon off; user www-data; worker_processes 1; pid /run/nginx.pid; error_log stderr;\nevents {}\n" +
					"http { access_log off; server { listen 80; location / { return 200 ok; } } }\n"},
				{Path: "/var/lib/nginx/"}, {Path: "/var/log/nginx/"}, {Path: "/usr/share/nginx/"},
			},
			Changes: []string{`CMD ["/usr/sbin/nginx", "-c", "/etc/nginx.conf"]`},
		}, Options: hostNetwork, Ready: curl, Limit: stays, Want: "CAP_CHOWN,CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE", Docker: true,
			Why: "nginx.org, user: its workers become www-data, to whom it gives its directories (ngx_create_paths); port 80"},
		{Name: "redis", Image: Image{
			Programs: []string{"/usr/bin/redis-server"}, Changes: []string{"USER 1000", `CMD ["redis-server", "--bind", "127.0.0.1", "--save", ""]`},
		}, Options: hostNetwork, Ready: "echo PING | nc -w 3 127.0.0.1 6379 | grep PONG", Why: "a port above 1023, and its own user from the start"},
		{Name: "haproxy", Image: Image{
			Programs: []string{"/usr/sbin/haproxy"},
			Files: []File{
				{Path: "/etc/haproxy.cfg", Text: "global\n user haproxy\n group haproxy\n chroot /var/empty\ndefaults\n mode http\n timeout client 5s\n timeout connect 5s\n timeout server 5s\n" +
					"frontend web\n bind :80\n http-request return status 200 content-type text/plain string ok\n"},
				{Path: "/var/empty/"},
			},
			Changes: []string{`CMD ["/usr/sbin/haproxy", "-db", "-f", "/etc/haproxy.cfg"]`},
		}, Options: hostNetwork, Ready: curl, Want: "CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE,CAP_SYS_CHROOT",
			Why: "its management guide, 6: it binds port 80, and then changes root directory, group and user"},
		{Name: "postgres", Image: Image{
			Programs: []string{"/usr/lib/postgresql/15/bin/postgres"},
			Files:    []File{{Path: "/usr/lib/postgresql/15/lib/"}},
			Trees:    []string{"/usr/share/postgresql/15/timezonesets", "/usr/share/zoneinfo/Etc", "/var/tmp/capmon-postgres"},
			Changes:  []string{"USER postgres", `CMD ["/usr/lib/postgresql/15/bin/postgres", "-D", "/var/tmp/capmon-postgres", "-k", "/tmp"]`},
		}, Setup: "rm -rf /var/tmp/capmon-postgres && mkdir -m 700 /var/tmp/capmon-postgres && chown 105:105 /var/tmp/capmon-postgres && " +
			"TZ=Etc/UTC setpriv --reuid 105 --regid 105 --clear-groups /usr/lib/postgresql/15/bin/initdb -N -U postgres --locale=C -D /var/tmp/capmon-postgres",
			Options: append([]string{"--shm-size=64m"}, hostNetwork...), Ready: "/usr/lib/postgresql/15/bin/pg_isready -h 127.0.0.1",
			Why: "its server refuses to be root, and its port is 5432"},
		{Name: "filecaps", Image: Image{
			Programs: []string{self}, FileCapabilities: map[string]uint32{self: netBindService},
			Changes: []string{"USER 1000", "ENV SERVE=:80", `CMD ["` + self + `"]`},
		}, Options: hostNetwork, Ready: curl, Want: "CAP_NET_BIND_SERVICE", Docker: true,
			Why: "capabilities(7): a file with effective capabilities that the bounding set lacks is not executed"},
		{Name: "ping", Image: Image{
			Programs: []string{"/usr/bin/ping"}, FileCapabilities: map[string]uint32{"/usr/bin/ping": netRaw},
			Changes: []string{"USER 1000", `CMD ["ping", "-c", "1", "127.0.0.1"]`},
		}, Options: []string{"--network=none", "--sysctl=net.ipv4.ping_group_range=1 0"}, Want: "CAP_NET_RAW", Docker: true,
			Why: "the same, and icmp(7): no group may use an ICMP socket here, so it takes a raw one"},
		{Name: "web", Image: Image{
			Busybox: []string{"sh", "httpd", "true"}, Files: []File{{Path: "/srv/index.html", Text: "ok"}},
			Changes: []string{"USER 1000:1000", `CMD ["httpd", "-f", "-p", "80", "-h", "/srv"]`},
		}, Options: hostNetwork, Ready: curl, Check: "test $(id -u) = 0", Want: "CAP_NET_BIND_SERVICE", Docker: true, Files: true,
			Why: "ip(7): ports below 1024"},
		{Name: "tcpdump", Image: Image{
			Programs: []string{"/usr/bin/tcpdump"}, Busybox: []string{"test"},
			Changes: []string{`CMD ["tcpdump", "-Z", "root", "-n", "-U", "-i", "lo", "-w", "/tmp/packets"]`},
		}, Options: hostNetwork, Ready: "ping -c 1 -W 1 127.0.0.1 >/dev/null && $ENGINE exec $CONTAINER test -s /tmp/packets",
			Want: "CAP_SETGID,CAP_NET_RAW", Why: "packet(7): packet sockets; tcpdump(8), -Z: it sets the user's groups, also root's, by setgroups(2)"},
		{Name: "chrony", Image: Image{
			Programs: []string{"/usr/sbin/chronyd"}, Files: []File{{Path: "/var/lib/chrony/"}, {Path: "/run/chrony/", Mode: 0o750}},
			Changes: []string{`CMD ["/usr/sbin/chronyd", "-u", "root", "-d", "-t", "1", "local stratum 10"]`},
		}, Options: hostNetwork, Want: "CAP_SYS_TIME", Why: "adjtimex(2): it sets the clock's frequency at its start"},
		{Name: "init", Image: Image{
			Programs: []string{"/usr/bin/setpriv"}, Busybox: []string{"sh", "init", "httpd"},
			Files: []File{
				{Path: "/srv/index.html", Text: "ok"},
				{Path: "/etc/inittab", Text: "::respawn:/bin/httpd -f -p 81 -h /srv\n::respawn:/usr/bin/setpriv --reuid=1000 --regid=1000 --clear-groups /bin/httpd -f -p 8082 -h /srv\n"},
			},
			Changes: []string{`CMD ["busybox", "init"]`},
		}, Options: hostNetwork, Ready: curl + ":81 && " + curl + ":8082", Limit: stays, Want: "CAP_SETGID,CAP_SETUID,CAP_NET_BIND_SERVICE",
			Why: "one of its services has port 81, the other changes user and groups: setgroups(2), setresuid(2)"},
		{Name: "drops", Image: Image{
			Programs: []string{"/usr/bin/setpriv"}, Busybox: []string{"sh", "true"},
			Changes: []string{`CMD ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "true"]`},
		}, Want: "CAP_SETGID,CAP_SETUID", Docker: true, Options: []string{"--network=none"}, Why: "setresuid(2), setresgid(2), setgroups(2)"},
		{Name: "nonewprivs", Image: Image{
			Busybox: []string{"sh", "chroot", "true"}, Changes: []string{"USER 1000", `CMD ["chroot", "/", "true"]`},
		}, Options: []string{"--network=none", "--security-opt=no-new-privileges"}, Want: "CAP_SYS_CHROOT", Docker: true, DockerWant: "-",
			Why: "chroot(2); capabilities(7): exec gives a user who is not root what is ambient or of the file, and no_new_privs leaves only what is ambient"},
	}
}
