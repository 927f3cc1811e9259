package discover_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
	"github.com/capmon/capmon/internal/testenv"
)

func TestMain(m *testing.M) {
	launch.KeeperMain()
	testenv.ExamplesNeedRoot()
	os.Exit(m.Run())
}

func ExampleRun() {
	report, err := discover.Run(context.Background(), discover.Command{
		Args: []string{"chroot", "/", "true"},
		User: "nobody",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Verdict, report.Capabilities)
	// Output: minimal cap_sys_chroot
}

// A command that changes the machine it runs on is run in a sandbox.
func ExampleRun_sandbox() {
	report, err := discover.Run(context.Background(), discover.Command{
		Args:  []string{"hostname elsewhere"},
		User:  "nobody",
		Check: "test $(hostname) = elsewhere",
	}, discover.WithSandbox(sandbox.Options{}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Verdict, report.Capabilities)
	// Output: minimal cap_sys_admin
}

// Open prepares once for many discoveries.
func ExampleOpen() {
	d, err := discover.Open(
		discover.WithGrantable(caps.NewSet(caps.SysChroot, caps.Chown)),
		discover.WithObserver(discover.Observer{
			End: func(n int, a discover.Attempt) { fmt.Printf("%d: %q %s\n", n, a.Granted, a.Outcome) },
		}),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	for _, command := range []string{"true", "chroot / true"} {
		report, err := d.Discover(context.Background(), discover.Command{Args: []string{command}, User: "nobody"})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s: %q\n", command, report.Capabilities)
	}
	// Output:
	// 1: "" exit 0
	// true: ""
	// 1: "" exit 125
	// 2: "cap_sys_chroot" exit 0
	// chroot / true: "cap_sys_chroot"
}

// A report can be had in the forms in which people write capabilities down.
func Example_emit() {
	report, err := discover.Run(context.Background(), discover.Command{
		Args: []string{"true"},
		User: "nobody",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(emit.Formats())
	if err := emit.Write(os.Stderr, "systemd", report); err != nil {
		log.Fatal(err)
	}
	// Output: [ansible apparmor capsh compose docker dockerfile flags kubernetes list markdown oci pam_cap podman setcap setpriv systemd systemd-run yaml]
}
