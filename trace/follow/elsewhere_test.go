package follow

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

// An overlay does its own work with the credentials of who mounted it, and
// copies a file before the first change to it.
func TestOverlay(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		seen := changeOnOverlay(t, tracer)
		for _, c := range seen {
			if c.OwnCreds || c.Verdict == trace.Fail {
				t.Errorf("the user's own: %v, stack: %v", wantOf(c), c.Stack)
			}
		}
		if len(seen) == 0 {
			t.Error("no check with the mounter's credentials")
		}
	})
}

// More kinds of check in one system call than wait for its end.
func TestManyKindsInOneCall(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		const slots = 12 // CALL_SLOTS of bpf/checks.h
		kept, beyond := 0, 0
		for _, c := range changeOnOverlay(t, tracer) {
			if c.Returned {
				kept++
			} else {
				beyond++
			}
		}
		if kept+beyond <= slots || beyond == 0 {
			t.Errorf("%d kinds, and %d beyond", kept, beyond)
		}
	})
}

// changeOnOverlay changes the mode of a file below several directories on an
// overlay, and returns the checks of that system call.
func changeOnOverlay(t *testing.T, tracer *Tracer) []trace.Check {
	t.Helper()
	dir := testenv.OpenToAll(t)
	for _, sub := range []string{"upper", "work", "merged", "lower", "lower/a", "lower/a/b"} {
		testenv.Must(t, os.Mkdir(dir+"/"+sub, 0o755))
	}
	ownFile(t, dir+"/lower/a/b")
	for _, name := range []string{"a", "a/b", "a/b/own"} {
		testenv.Must(t, os.Chown(dir+"/lower/"+name, nobody, nobody))
		testenv.Must(t, unix.Setxattr(dir+"/lower/"+name, "trusted.test", []byte("x"), 0))
	}
	options := fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", dir)
	if err := unix.Mount("overlay", dir+"/merged", "overlay", 0, options); err != nil {
		testenv.Cannot(t, "cannot mount an overlay: "+err.Error())
	}
	t.Cleanup(func() { testenv.Must(t, unix.Unmount(dir+"/merged", unix.MNT_DETACH)) })

	p := perl(`chmod(0600, "merged/a/b/own") or die $!`)
	p.dir = dir
	var checks []trace.Check
	for _, c := range p.run(t, tracer).Checks {
		if strings.HasPrefix(c.Syscall, "chmod") || strings.HasPrefix(c.Syscall, "fchmod") {
			checks = append(checks, c)
		}
	}
	return checks
}

// A page fault is no system call, and the result of the next one is not its
// own: here umask(2), which makes no check. The stack grows by a page fault,
// and overcommit has its say.
func TestPageFault(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		p := program{args: []string{"/bin/bash", "-c", `deep() { umask 22; (($1 == 0)) || deep $(($1 - 1)); }; deep 500`}}
		seen := p.run(t, tracer)
		faults := 0
		for _, c := range seen.Checks {
			if c.Syscall != "" {
				continue
			}
			faults++
			if c.Returned || c.Errno() != 0 || c.Decisive() {
				t.Errorf("a page fault returned: %+v", c)
			}
		}
		if faults == 0 && tracer.Backend() == "tracepoint" {
			t.Error("no check in a page fault")
		}
	})
}

// A module that is loaded after the tracer was opened has names as well.
func TestModuleLoadedLater(t *testing.T) {
	eachBackend(t, func(t *testing.T, shared *Tracer) {
		if testenv.InVM() {
			// ENOENT: it is not loaded.
			if err := unix.DeleteModule("tun", unix.O_NONBLOCK); err != nil && err != unix.ENOENT {
				t.Fatalf("remove module tun: %v", err)
			}
		}
		if _, err := os.Stat("/dev/net/tun"); err != nil {
			testenv.Cannot(t, "no /dev/net/tun: mkdir -p /dev/net && mknod -m 666 /dev/net/tun c 10 200")
		}
		tracer := openSmall(t, shared.Backend(), nil)
		p := perl(fmt.Sprintf(`use Fcntl; sysopen(F, "/dev/net/tun", O_RDWR) or die $!;
			$> = %d; ioctl(F, %d, $r = pack("a16sx22", "capmon-test", %d))`, nobody, unix.TUNSETIFF, unix.IFF_TAP))
		p.root = true
		seen := p.run(t, tracer)
		found := false
		for _, c := range seen.Checks {
			if c.Cap.String() == "CAP_NET_ADMIN" && c.Syscall == "ioctl" {
				found = true
				if !strings.Contains(c.Function, "tun") || !c.Decisive() {
					t.Errorf("check: %v, stack: %v", wantOf(c), c.Stack)
				}
			}
		}
		if !found {
			t.Errorf("no check by tun: %+v", seen.Checks)
		}
	})
}
