//go:build vm

package engines

import (
	"bytes"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/engine"
	"github.com/capmon/capmon/internal/discovered"
	"github.com/capmon/capmon/internal/testenv"
)

// discover is the report of capmon discover with these arguments.
func discover(t *testing.T, args ...string) controller.Report {
	t.Helper()
	cmd, _, _ := capmonCommand(t, append([]string{"--json"}, args...)...)
	r, said := discovered.Report(t, cmd)
	t.Log(said)
	return r
}

// What an engine is said to grant by default is what the kernel says that a
// container of it has.
func TestDefault(t *testing.T) {
	by := chosen(t)
	testenv.Must(t, plain.load(by, plainName))
	out, err := exec.Command(by, "run", "--rm", "--network=host", plainName, "cat", "/proc/self/status").Output()
	testenv.Must(t, err)
	bounding := regexp.MustCompile(`(?m)^CapBnd:\s*([0-9a-f]+)$`).FindSubmatch(out)
	if bounding == nil {
		t.Fatalf("no bounding set in %s", out)
	}
	set, err := strconv.ParseUint(string(bounding[1]), 16, 64)
	testenv.Must(t, err)
	r := discover(t, "--"+by, plainName, "--run-option=--network=host", "--", "true")
	if r.Container.Default != caps.Set(set) || r.Container.Held != caps.Set(set) {
		t.Errorf("%q by default and %q held, want %q", r.Container.Default.Names(), r.Container.Held.Names(), caps.Set(set).Names())
	}
	if r.Verdict != controller.Minimal || r.Capabilities != 0 {
		t.Errorf("true needs %q (%s)", r.Capabilities.Names(), r.Verdict)
	}
	nothingLeft(t, by)
}

// A user's own podman has a user namespace, in which the set counts.
func TestRootless(t *testing.T) {
	if by := chosen(t); by != engine.Podman {
		return // it is podman's
	}
	const user = "capmon-rootless"
	// As after a login, which would go again with its runtime directory.
	if out, err := exec.Command("sh", "-c", "useradd --create-home --uid 1234 "+user+" && mkdir -p /run/user && mkdir -m 700 /run/user/1234 && chown 1234 /run/user/1234").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	podman := func(args ...string) *exec.Cmd {
		words := []string{"--reuid", user, "--regid", user, "--init-groups", "env", "HOME=/home/" + user, "XDG_RUNTIME_DIR=/run/user/1234", "podman"}
		c := exec.Command("setpriv", append(words, args...)...)
		c.Dir = "/"
		return c
	}
	archive, err := plain.archive()
	testenv.Must(t, err)
	load := podman("import", "--change", `CMD ["chroot", "/", "true"]`, "--change", "USER 0", "-", plainName)
	load.Stdin = bytes.NewReader(archive)
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// chroot(2).
	r := discover(t, "--podman", plainName, "--user", user, "--run-option=--network=none")
	if want := caps.NewSet(caps.SysChroot); r.Verdict != controller.Minimal || r.Capabilities != want || !r.Container.UserNamespace {
		t.Errorf("found %q (%s: %s), in a user namespace of its own: %v", r.Capabilities.Names(), r.Verdict, r.Reason, r.Container.UserNamespace)
	}
	killed(t, unix.SIGKILL, podman, "--podman", plainName, "--user", user, "--run-option=--network=none")
	if out, err := podman("ps", "--all", "--quiet").Output(); err != nil || len(out) > 0 {
		t.Errorf("a container is left: %v %s", err, out)
	}
}
