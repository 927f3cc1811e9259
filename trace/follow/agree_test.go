//go:build vm

package follow

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

// workload asks for much in many places of the kernel, by programs that
// Debian always has. Each line is run by itself, and may fail.
const workload = `
cat /proc/kallsyms | head -n 1
for f in stat statm status maps environ io wchan stack syscall auxv limits mountinfo fdinfo/0; do cat /proc/1/$f /proc/self/$f; done
ls -l /proc/1/exe /proc/1/cwd /proc/1/fd /proc/1/ns /proc/1/map_files
for d in / /etc /root /sys /sys/kernel /proc/sys/kernel /proc/sys/net /proc/sys/fs /proc/sys/vm /proc/net; do ls -l $d; cat $d/*; done
find /sys/kernel /sys/module /sys/fs -maxdepth 2 -type f | head -n 200 | xargs cat
cat /etc/shadow; echo x >>/etc/passwd; touch /etc/x; rm -f /etc/passwd; mkdir /x; ln /etc/shadow shadow; chmod 0777 /etc
chown 1 own; chown :1 own; chmod 6755 own; chmod 1777 .; cp -a /etc/passwd copy; mv own moved; setfattr -n trusted.x -v 1 moved
mknod node c 1 3; mknod fifo p; chroot . ; mount -t tmpfs x .; mount --bind . .; umount /proc; swapoff -a; pivot_root . .
dmesg | head -n 1; dmesg -c; hostname x; nice -n -5 true; renice -n -5 $$; chrt -f 1 true; ionice -c 1 true; taskset -p 1 1
kill -0 1; kill -9 1; sysctl -w kernel.hostname=x vm.swappiness=60 net.ipv4.ip_forward=0; date -s 2000-01-01; hwclock -r
ulimit -H -n 99999999; ulimit -l unlimited; ulimit -c 0
ip link; ip addr add 10.99.0.1/24 dev lo; ip link set lo mtu 1500; ip route add 10.99.0.0/24 dev lo; ip netns add x; ip tuntap add dev x mode tap
ip neigh; ip rule add from 10.99.0.0/24 table 99; ip link add type dummy; ip xfrm state; ss -ltnp; tc qdisc add dev lo root pfifo
unshare -m true; unshare -n true; unshare -p true; unshare -Ur true; unshare -Urm mount -t tmpfs x /mnt; unshare -Urn ip link set lo up; nsenter -t 1 -m true
setpriv --reuid 1 true; setpriv --clear-groups true; setpriv --bounding-set -all true; setpriv --securebits +noroot true; setpriv --inh-caps +all true; setpriv --nnp true
capsh --drop=all -- -c true; setcap cap_net_raw+ep copy; getcap copy; ping -c 1 -w 1 127.0.0.1; su -c true; mount; findmnt; lsns; lsof; ps aux; free; uptime
perl -MSocket -e 'socket(S, AF_INET, SOCK_RAW, 1); socket(S, 17, SOCK_RAW, 768); socket(S, AF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(80, INADDR_ANY)); setsockopt(S, SOL_SOCKET, $_, 1) for 1..70; setsockopt(S, 0, $_, 1) for 1..50; setsockopt(S, 6, $_, 1) for 1..40'
perl -e 'for $n (16, 101, 103, 105, 106, 109, 114, 116, 117, 119, 122, 123, 125, 126, 141, 144, 149, 151, 154, 157, 159, 161, 163, 165, 166, 167, 168, 169, 172, 173, 174, 175, 176, 179, 203, 237, 238, 246, 248, 250, 251, 256, 272, 279, 298, 300, 304, 308, 310, 311, 313, 314, 317, 320, 321, 323, 425, 428, 429, 430, 432, 438, 440, 442, 443) { for $a (0..3) { next if $n == 169 && $a; syscall($n, $a, 1, 0, 0, 0) } }'
perl -e 'for $c (0..60) { syscall(157, $c, 1, 0, 0, 0) if $c != 15 } for $c (0..38) { syscall(321, $c, 0, 0) }'
`

// records runs the workload by nobody and by root without the capabilities of
// nobody, and returns all that was seen.
func recordWorkload(t *testing.T, tracer *Tracer) []trace.Check {
	t.Helper()
	var checks []trace.Check
	for _, line := range lines(strings.TrimSpace(workload)) {
		p := shell(line)
		p.dir = testenv.OpenToAll(t)
		rootFile(t, p.dir)
		ownFile(t, p.dir)
		r := p.start(t, tracer)
		r.wait()
		checks = append(checks, r.collect().Checks...)
	}
	return checks
}

// Whether a check is audited is known from opts; where they cannot be seen it
// must be known from the stack as well.
func TestAuditedByStackAgreesWithOpts(t *testing.T) {
	seen := 0
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		if !tracer.programs.Backend.SeesOpts {
			return // there is nothing to compare with
		}
		seen++
		checks := recordWorkload(t, tracer)
		audited := map[bool]int{}
		askers := map[string]bool{}
		var wrong []string
		for _, c := range checks {
			audited[c.Audited]++
			askers[c.Function] = true
			if c.Audited != trace.AuditedByStack(c.Stack) {
				wrong = append(wrong, fmt.Sprintf("%s: audited is %v, stack %v", c.Syscall, c.Audited, c.Stack))
			}
		}
		slices.Sort(wrong)
		for _, w := range slices.Compact(wrong) {
			t.Error(w)
		}
		t.Logf("%d audited, %d unaudited, %d functions ask", audited[true], audited[false], len(askers))
		if audited[true] < 50 || audited[false] < 3 || len(askers) < 30 {
			t.Error("too few checks to say anything")
		}
		if os.Getenv("CAPMON_TEST_ASKERS") != "" {
			t.Log(askers)
		}
	})
	if seen == 0 {
		t.Error("no backend here sees opts")
	}
}

// normal is what two backends must agree on, the same program run twice.
func normal(c trace.Check) string {
	return fmt.Sprintf("%s %s: %v, returned %v, stack %v, %d times",
		c.Process.Comm, c.Process.Exe, wantOf(c), c.Returned, strings.Join(c.Stack, " < "), c.Count)
}

func TestBackendsAgree(t *testing.T) {
	names := testBackends(t)
	if len(names) < 2 {
		t.Fatalf("only %q loads here: leave this test out by -test.skip", names)
	}
	all := map[string][]string{}
	for _, name := range names {
		tracer := world.tracer(t, name)
		for _, script := range []string{
			`ask() for 1..7; open(F, "<", "secret"); chmod(0644, "secret"); chown(1, 1, "own"); chroot("."); mkdir("/x");
			$< = 1; kill(0, 1); opendir(D, "/root"); readlink("/proc/1/exe"); setpriority(0, 0, -5);
			if (!fork) { ask(); exit 3 } wait; exec "/usr/bin/perl", "-e", "chroot('.')"`,
		} {
			p := perl(perlAsk + script)
			p.dir = testenv.OpenToAll(t)
			rootFile(t, p.dir)
			ownFile(t, p.dir)
			for _, c := range p.run(t, tracer).Checks {
				// Which addresses are free, chance decides.
				if !c.Overcommit() {
					all[name] = append(all[name], normal(c))
				}
			}
		}
	}
	first := names[0]
	if len(all[first]) < 10 {
		t.Errorf("only %d checks: %v", len(all[first]), all[first])
	}
	for _, other := range names[1:] {
		for i := range max(len(all[first]), len(all[other])) {
			if i >= len(all[first]) || i >= len(all[other]) || all[first][i] != all[other][i] {
				t.Fatalf("%s:\n%s\n%s:\n%s", first, strings.Join(all[first], "\n"), other, strings.Join(all[other], "\n"))
			}
		}
	}
}
