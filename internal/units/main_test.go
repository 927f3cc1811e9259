package units

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/capmon/capmon/caps/launch"
)

// The environment says what is run.
const (
	// envRun is "all" to run all services, "search" to compare every set with a
	// search by brute force as well. Nothing that is missing is then skipped.
	envRun = "CAPMON_UNITS"
	// envManager is who runs the services: "systemd", or else capmon in a
	// sandbox.
	envManager = "CAPMON_UNITS_MANAGER"
	// envBinary is capmon; else it is built.
	envBinary = "CAPMON_UNITS_BIN"
	// envOut is a file for the table of docs/units.md.
	envOut = "CAPMON_UNITS_OUT"
)

// capmonBinary is capmon, once it is built.
var capmonBinary string

func TestMain(m *testing.M) {
	launch.KeeperMain()
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "capmon-units-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if capmonBinary = os.Getenv(envBinary); capmonBinary == "" {
		capmonBinary = filepath.Join(dir, "capmon")
		build := exec.Command("go", "build", "-o", capmonBinary, "github.com/capmon/capmon/cmd/capmon")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build capmon: %v\n%s", err, out)
			return 1
		}
	}
	// Discoveries are kept for a later --emit: not those of the tests.
	os.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	return m.Run()
}
