package corpus

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/capmon/capmon/caps/launch"
)

// The environment says what is run, and where the results go.
const (
	// envBinary is capmon; else it is built.
	envBinary = "CAPMON_CORPUS_BIN"
	// envRun is "all" to run the slow cases too, "search" to compare every set
	// with a search through all sets as well. Nothing that is missing is then
	// skipped.
	envRun = "CAPMON_CORPUS"
	// envPlace is where this is: "host", or "guest" for a virtual machine.
	envPlace = "CAPMON_CORPUS_PLACE"
	// envOut is a directory for the results.
	envOut = "CAPMON_CORPUS_OUT"
)

// searchPath is where commands are found; the caller's own may have
// directories that nobody cannot search, which makes for refusals.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// capmonBinary is capmon, once it is built.
var capmonBinary string

func TestMain(m *testing.M) {
	launch.KeeperMain()
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "capmon-corpus-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if capmonBinary, err = findBinary(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// Discoveries are kept for a later --emit: not those of the tests.
	os.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	os.Setenv("PATH", searchPath)
	// What DAC forbids depends on the directory, and programs look into it.
	if err := os.Chdir("/"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func findBinary(dir string) (string, error) {
	if path := os.Getenv(envBinary); path != "" {
		return path, nil
	}
	path := filepath.Join(dir, "capmon")
	build := exec.Command("go", "build", "-o", path, "github.com/capmon/capmon/cmd/capmon")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build capmon: %w\n%s", err, out)
	}
	return path, nil
}
