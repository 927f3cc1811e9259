package follow

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

// A refused call says what it was about.
func TestArguments(t *testing.T) {
	long := strings.Repeat("x", 200)
	call := func(number int, arguments string) string {
		return fmt.Sprintf(`($path, $none) = ("/usr", "none"); syscall(%d, %s)`, number, arguments)
	}
	for _, test := range []struct{ syscall, script, want string }{
		{"openat", `open(F, "<", "secret")`, "secret"},
		{"chroot", call(unix.SYS_CHROOT, "$path"), "/usr"},
		{"mount", call(unix.SYS_MOUNT, "$none, $path, $none, 0, 0"), "/usr"},
		{"bind", `use Socket; socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(80, INADDR_LOOPBACK))`, "127.0.0.1:80"},
		{"bind", `use Socket qw(:DEFAULT IN6ADDR_ANY); socket(S, PF_INET6, SOCK_STREAM, 0); bind(S, sockaddr_in6(81, IN6ADDR_ANY))`, "[::]:81"},
		{"kill", `kill(0, 1)`, "process 1"},
		{"setresuid", call(unix.SYS_SETRESUID, "0, 0, 0"), ""},
		{"mkdir", `mkdir("/etc/` + long + `")`, ("/etc/" + long)[:mostText] + "..."},
	} {
		t.Run(test.syscall+" "+test.want, func(t *testing.T) {
			eachBackend(t, func(t *testing.T, tracer *Tracer) {
				p := perl(test.script)
				p.dir = testenv.OpenToAll(t)
				rootFile(t, p.dir)
				for _, c := range p.run(t, tracer).Checks {
					if !strings.HasPrefix(c.Syscall, test.syscall) || c.Verdict != trace.Fail {
						continue
					}
					if !c.Decisive() && c.Argument != "" || c.Decisive() && c.Argument != test.want {
						t.Errorf("%s of %q, want %q", c.Where(), c.Argument, test.want)
					}
					if c.Decisive() {
						return
					}
				}
				t.Error("no refused call was seen")
			})
		})
	}
}

// mostText is how many bytes of a path are kept.
const mostText = len(bpf.CommandArguments{}.Text[0]) - 1
