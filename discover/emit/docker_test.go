package emit_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps/account"
)

// lastLine is the command; all before it are comments.
func lastLine(t *testing.T, out string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	for _, line := range lines[:len(lines)-1] {
		if !strings.HasPrefix(line, "# ") {
			t.Errorf("line %q is no comment", line)
		}
	}
	return lines[len(lines)-1]
}

// shellWords are the words of a command as the shell takes it apart.
func shellWords(t *testing.T, line string) []string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `printf '%s\0' `+line).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestDockerAsRoot(t *testing.T) {
	r := report("ip link set 'a b' up", refusal("net_admin", "ip", "/usr/sbin/ip"))
	r.User = account.Identity{Name: "root", GroupName: "root"}
	got := shellWords(t, lastLine(t, write(t, "docker", r)))
	want := []string{
		"docker", "run", "--cap-drop=ALL", "--cap-add=NET_ADMIN", "--security-opt=no-new-privileges", "--user=0:0",
		"IMAGE", "/bin/sh", "-c", "ip link set 'a b' up",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// A process that is not root needs its capabilities ambient, which docker
// cannot do (capabilities(7)): something in the container has to.
func TestDockerAsAnotherUser(t *testing.T) {
	out := write(t, "docker", report("ip link", refusal("net_admin", "ip", "/usr/sbin/ip")))
	got := shellWords(t, lastLine(t, out))
	for _, want := range []string{
		"--cap-add=NET_ADMIN", "--cap-add=SETUID", "--cap-add=SETGID", "--cap-add=SETPCAP",
		"setpriv", "--ambient-caps=-all,+net_admin", "--bounding-set=-all,+net_admin", "--reuid=daemon",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if strings.Contains(out, "--user=") {
		t.Errorf("%s\nstarts as another user, whom setpriv cannot change", out)
	}
}

func TestDockerWithoutCapabilities(t *testing.T) {
	got := shellWords(t, lastLine(t, write(t, "docker", report("true"))))
	want := []string{"docker", "run", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=1:1", "IMAGE", "/bin/sh", "-c", "true"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestDockerWithUnprintableCommand(t *testing.T) {
	r := report("echo 'a\nb'", refusal("net_admin", "ip", "/usr/sbin/ip"))
	for _, uid := range []uint32{0, 1} {
		r.User.UID = uid
		if got := shellWords(t, lastLine(t, write(t, "docker", r))); got[len(got)-1] != "COMMAND" {
			t.Errorf("ends in %q", got[len(got)-1])
		}
	}
}
