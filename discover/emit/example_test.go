package emit_test

import (
	"log"
	"os"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
)

func ExampleWrite() {
	report := discover.Report{
		Command: []string{"/usr/sbin/chroot", "/", "true"},
		User:    account.Identity{Name: "app", GroupName: "app", UID: 1000, GID: 1000},
		Result:  discover.Result{Verdict: discover.Minimal, Capabilities: caps.NewSet(caps.SysChroot)},
	}
	if err := emit.Write(os.Stdout, "podman", report); err != nil {
		log.Fatal(err)
	}
	// Output:
	// # capmon discover: /usr/sbin/chroot / true
	// # Minimal: as app it succeeds with these capabilities and fails without any one of them.
	// # IMAGE is an image that runs the command.
	// podman run --cap-drop=ALL --cap-add=SYS_CHROOT --security-opt=no-new-privileges --user=1000:1000 IMAGE
}
