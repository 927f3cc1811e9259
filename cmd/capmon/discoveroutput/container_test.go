package discoveroutput

import (
	"io"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/controller"
)

// Which way a set reaches the user of a container depends on its engine.
func TestContainer(t *testing.T) {
	one, eleven := caps.NewSet(caps.NetBindService), caps.Set(1<<11-1)
	user, root := account.Identity{Name: "1000", UID: 1000}, account.Identity{Name: "0"}
	for _, c := range []struct {
		name      string
		user      account.Identity
		needs     caps.Set
		container controller.Container
		says      string
		notSaid   string
	}{
		{"root", root, one, controller.Container{Engine: "docker", Image: "web", Default: eleven, Held: eleven},
			"today: uid 0, 11 granted by default, 1 needed\nheld and not needed: 10 capabilities\n", "note:"},
		{"podman", user, one, controller.Container{Engine: "podman", Image: "web", Default: eleven, Ambient: true},
			"note: podman makes what --cap-add names ambient for uid 1000; docker does not, and takes file capabilities in the image", ""},
		{"podman, no_new_privs", user, one, controller.Container{Engine: "podman", Image: "web", Ambient: true, NoNewPrivileges: true},
			"under no-new-privileges file capabilities in the image would be of no use", ""},
		{"docker by file", user, one, controller.Container{Engine: "docker", Image: "web", FileCapabilities: "/bin/web"},
			"with these as file capabilities of /bin/web in the image it succeeds", "podman makes"},
		{"docker, files of its own", user, one, controller.Container{Engine: "docker", Image: "web"},
			"it has these by set-user-ID or file capabilities in the image", ""},
		{"nothing needed", user, 0, controller.Container{Engine: "docker", Image: "web", Default: eleven}, "11 granted by default, 0 needed", "note:"},
		{"user namespace", root, one, controller.Container{Engine: "podman", Image: "web", Ambient: true, UserNamespace: true},
			"the set counts inside it, and outside the container needs nothing", ""},
		{"bundle", user, one, controller.Container{Bundle: "web", Held: one}, "today: uid 1000 with 1 granted, 1 needed\n", "by default"},
	} {
		r := discover.Report{User: c.user, Container: &c.container}
		r.Verdict, r.Capabilities = discover.Minimal, c.needs
		var b strings.Builder
		Result{Screen: terminal.NewScreen(io.Discard, terminal.Never)}.writeContainer(&b, r)
		if !strings.Contains(b.String(), c.says) || c.notSaid != "" && strings.Contains(b.String(), c.notSaid) {
			t.Errorf("%s: it says\n%s", c.name, b.String())
		}
	}
}

// Where docker can grant nothing, the answer says why, and who can.
func TestUngranted(t *testing.T) {
	r := discover.Report{User: account.Identity{UID: 1000}, Container: &controller.Container{Engine: "docker", Image: "web", NoNewPrivileges: true}}
	var b strings.Builder
	Result{Screen: terminal.NewScreen(io.Discard, terminal.Never)}.writeUngranted(&b, r)
	if !strings.Contains(b.String(), "podman does (--podman), and file capabilities in the image are of no use under no-new-privileges") {
		t.Errorf("it says %s", b.String())
	}
	for _, other := range []discover.Report{{}, {Container: &controller.Container{Engine: "podman", Image: "web", Ambient: true}, User: r.User}, {Container: r.Container}} {
		b.Reset()
		Result{Screen: terminal.NewScreen(io.Discard, terminal.Never)}.writeUngranted(&b, other)
		if b.Len() > 0 {
			t.Errorf("it says %s of %+v", b.String(), other)
		}
	}
}
