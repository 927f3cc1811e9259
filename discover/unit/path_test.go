package unit

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/capmon/capmon/internal/testenv"
)

// systemd-analyze(1) knows where systemd looks, and in which order.
func TestPathsAreSystemds(t *testing.T) {
	testenv.NeedProgram(t, "systemd-analyze", "systemd")
	environ := map[string]string{"HOME": "/home/somebody", "XDG_RUNTIME_DIR": "/run/user/7", "PATH": os.Getenv("PATH")}
	for _, test := range []struct {
		scope string
		more  map[string]string
		path  func(getenv func(string) string) []string
	}{
		{"--system", nil, SystemPath},
		{"--system", map[string]string{"SYSTEMD_UNIT_PATH": "/one:/two"}, SystemPath},
		{"--system", map[string]string{"SYSTEMD_UNIT_PATH": "/one:/two:"}, SystemPath},
		{"--user", nil, usersPath},
		{"--user", map[string]string{"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_CONFIG_DIRS": "/a:/b", "XDG_DATA_DIRS": "/e"}, usersPath},
	} {
		cmd := exec.Command("systemd-analyze", test.scope, "unit-paths")
		given := map[string]string{}
		for _, set := range []map[string]string{environ, test.more} {
			for name, value := range set {
				given[name] = value
			}
		}
		for name, value := range given {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Fields(string(out))
		if got := test.path(func(name string) string { return given[name] }); !slices.Equal(got, want) {
			t.Errorf("%s with %v: %q, systemd looks in %q", test.scope, test.more, got, want)
		}
	}
}

func usersPath(getenv func(string) string) []string { return UserPath(getenv, "/home/somebody") }
