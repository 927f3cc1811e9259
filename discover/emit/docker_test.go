package emit_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover/controller"
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

// root is the identity of uid 0, numbered that of a user whom this machine may
// have under a name.
var (
	root     = account.Identity{Name: "root", GroupName: "root"}
	numbered = account.Identity{Name: "daemon", GroupName: "daemon", UID: 1000, GID: 1001}
)

// Docker grants root what it adds, under no_new_privs. Of another user it
// makes nothing ambient, so that only file capabilities help, which
// no_new_privs switches off. Podman makes it ambient. Names of users are the
// image's own, so there are numbers only.
func TestContainerEngines(t *testing.T) {
	ip := refusal("net_admin", "ip", "/usr/sbin/ip")
	for _, test := range []struct {
		format string
		user   account.Identity
		needs  bool
		want   []string
		says   string
	}{
		{"docker", root, true, []string{"docker", "run", "--cap-drop=ALL", "--cap-add=NET_ADMIN", "--security-opt=no-new-privileges", "--user=0:0", "IMAGE"}, ""},
		{"docker", numbered, true, []string{"docker", "run", "--cap-drop=ALL", "--cap-add=NET_ADMIN", "--user=1000:1001", "IMAGE"}, "file capabilities on ip (--emit dockerfile)"},
		{"docker", numbered, false, []string{"docker", "run", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--user=1000:1001", "IMAGE"}, ""},
		{"podman", root, true, []string{"podman", "run", "--cap-drop=ALL", "--cap-add=NET_ADMIN", "--security-opt=no-new-privileges", "--user=0:0", "IMAGE"}, ""},
		{"podman", numbered, true, []string{"podman", "run", "--cap-drop=ALL", "--cap-add=NET_ADMIN", "--security-opt=no-new-privileges", "--user=1000:1001", "IMAGE"}, ""},
	} {
		r := report("ip link set 'a b' up")
		if test.needs {
			r = report("ip link set 'a b' up", ip)
		}
		r.User = test.user
		out := write(t, test.format, r)
		if got := shellWords(t, lastLine(t, out)); !slices.Equal(got, test.want) {
			t.Errorf("%s as %d: got  %q\nwant %q", test.format, test.user.UID, got, test.want)
		}
		if !strings.Contains(out, test.says) {
			t.Errorf("%s as %d does not say %q:\n%s", test.format, test.user.UID, test.says, out)
		}
	}
}

// An image is run as it was, with its own user and the caller's options. What
// docker gave it by file capabilities it needs in a build.
func TestImages(t *testing.T) {
	r := report("image", refusal("net_bind_service", "web", "/bin/web"))
	r.User, r.Given.Arguments = numbered, []string{"-p", "80"}
	r.Container = &controller.Container{Engine: "podman", Image: "web:1", Options: []string{"--network=host"}, Ambient: true}
	tail := []string{"--cap-drop=ALL", "--cap-add=NET_BIND_SERVICE", "--network=host", "web:1", "-p", "80"}
	if got, want := shellWords(t, lastLine(t, write(t, "podman", r))), append([]string{"podman", "run"}, tail...); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if out := write(t, "podman", r); !strings.HasPrefix(out, "# capmon discover: --podman web:1 -p 80\n") {
		t.Errorf("it does not say what was discovered:\n%s", out)
	}
	r.Container.Engine, r.Container.Ambient, r.Container.FileCapabilities = "docker", false, "/bin/web"
	r.Evidence[0].Check = nil // as where seccomp refuses
	out := write(t, "docker", r)
	if got, want := shellWords(t, lastLine(t, out)), append([]string{"docker", "run"}, tail...); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if !strings.Contains(out, "tried with file capabilities on /bin/web") || strings.Contains(out, "ip_unprivileged_port_start") {
		t.Errorf("docker:\n%s", out)
	}
	if out := write(t, "dockerfile", r); !strings.Contains(out, "\nRUN setcap cap_net_bind_service=ep /bin/web\n") || !strings.Contains(out, "those of the image") {
		t.Errorf("dockerfile:\n%s", out)
	}
	r.Container.FileCapabilities = ""
	if out := write(t, "docker", r); !strings.Contains(out, "It gets them by set-user-ID or file capabilities in the image") {
		t.Errorf("docker:\n%s", out)
	}
}

// A shell must not get file capabilities, so docker cannot do it for a script.
func TestDockerOfAScript(t *testing.T) {
	r := report("script", refusal("kill", "sh", "/bin/sh"))
	out := write(t, "docker", r)
	if !strings.Contains(out, "--emit podman") || strings.Contains(out, "dockerfile") {
		t.Errorf("does not name what can do it:\n%s", out)
	}
}

func TestPortsOfDocker(t *testing.T) {
	r := report("httpd", refusal("net_bind_service", "httpd", "/usr/sbin/httpd"))
	for format, want := range map[string]bool{"docker": true, "compose": true, "podman": false} {
		if out := write(t, format, r); strings.Contains(out, "ip_unprivileged_port_start") != want {
			t.Errorf("%s:\n%s", format, out)
		}
	}
}
