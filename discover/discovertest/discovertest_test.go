package discovertest_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/discovertest"
)

func TestMain(m *testing.M) {
	launch.KeeperMain()
	os.Exit(m.Run())
}

func TestNeeds(t *testing.T) {
	discovertest.Needs(t, discover.Command{Args: []string{"true"}, User: "nobody"})
	discovertest.Needs(t, discover.Command{Args: []string{"chroot / true"}, User: "nobody"}, caps.SysChroot)
	discovertest.NeedsWith(t, discover.Command{Args: []string{"hostname x"}, User: "nobody"},
		[]caps.Cap{caps.SysAdmin}, discover.WithSandbox(sandbox.Options{}))
}

// failures collects what a test is told.
type failures struct {
	testing.TB
	said string
}

func (f *failures) Errorf(format string, args ...any) { f.said += fmt.Sprintf(format, args...) }

func TestNeedsOtherwise(t *testing.T) {
	for _, test := range []struct {
		command string
		want    []caps.Cap
		said    string
	}{
		{"true", []caps.Cap{caps.Chown}, "needs no capability, want CAP_CHOWN"},
		{"chroot / true", nil, "needs CAP_SYS_CHROOT, want no capability"},
		{"chroot / true", nil, "CAP_SYS_CHROOT: chroot was refused it in chroot"},
		{"chroot / true", []caps.Cap{caps.SysChroot, caps.Chown}, "needs CAP_SYS_CHROOT, want CAP_CHOWN, CAP_SYS_CHROOT"},
		{"echo own words; false", []caps.Cap{caps.Chown}, "own words"},
		{"test $(id -u) = 0", nil, "needs to be uid 0"},
	} {
		f := &failures{TB: t}
		discovertest.Needs(f, discover.Command{Args: []string{test.command}, User: "nobody"}, test.want...)
		if !strings.Contains(f.said, test.said) {
			t.Errorf("%q wanting %v: %q, want %q in it", test.command, test.want, f.said, test.said)
		}
	}
}
