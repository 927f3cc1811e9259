package corpus

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/internal/discovered"
)

// readyTimeout is how long a daemon may take; most fail at once, but some go
// on without what they were refused.
const readyTimeout = 3 * time.Second

// find runs capmon discover for the case, as a user would.
func find(t *testing.T, c Case, backend string) (controller.Report, float64) {
	t.Helper()
	c = prepare(t, c)
	args := []string{"discover", "--json", "--ready-timeout", readyTimeout.String()}
	for _, option := range []struct{ name, value string }{
		{"--user", userOf(c)}, {"--backend", backend}, {"--sandbox", c.Sandbox},
		{"--setup", c.Setup}, {"--ready", c.Ready}, {"--check", c.Check}, {"--cleanup", c.Cleanup},
	} {
		switch {
		case option.name == "--sandbox" && option.value == "yes":
			args = append(args, option.name)
		case option.value != "":
			args = append(args, option.name+"="+option.value)
		}
	}
	cmd := exec.Command(capmonBinary, append(args, c.Command)...)
	began := time.Now()
	r, _ := discovered.Report(t, cmd)
	return r, time.Since(began).Seconds()
}

// userOf is whom capmon is asked to discover it for.
func userOf(c Case) string {
	if c.InsistsOnRoot {
		return "nobody"
	}
	return c.Identity()
}

// prepare gives the case its directory.
func prepare(t *testing.T, c Case) Case {
	t.Helper()
	dir, err := os.MkdirTemp("", "capmon-case-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	prepared, err := c.In(dir)
	if err != nil {
		t.Fatal(err)
	}
	return prepared
}

func kernelRelease() string {
	var u unix.Utsname
	// Cannot fail with a good pointer.
	_ = unix.Uname(&u)
	return unix.ByteSliceToString(u.Release[:])
}
