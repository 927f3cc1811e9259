package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/internal/testenv"
)

func TestMain(m *testing.M) {
	launch.KeeperMain()
	if os.Getenv(runAsCapmon) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"capmon": main})
}

// TestScript runs the command line as a user would.
func TestScript(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	testdata, err := filepath.Abs("testdata")
	testenv.Must(t, err)
	testscript.Run(t, testscript.Params{
		Dir:  "testdata/script",
		Cmds: scriptCommands(),
		Setup: func(env *testscript.Env) error {
			// Made here, since capmon makes none where everybody may write.
			state := env.WorkDir + "/state"
			env.Setenv("XDG_STATE_HOME", state)
			env.Setenv("TESTDATA", testdata)
			if err := os.Mkdir(state, 0o700); err != nil {
				return err
			}
			env.Defer(func() { endLeft(env.WorkDir) })
			return openToOthers(env)
		},
	})
}

// openToOthers lets nobody reach capmon and what a script makes, in
// directories that only root may enter by default. A file named secret stays
// root's own.
func openToOthers(env *testscript.Env) error {
	bin := filepath.SplitList(env.Getenv("PATH"))[0]
	// Root's own PATH may have directories that nobody cannot search.
	env.Setenv("PATH", bin+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	for _, dir := range []string{env.WorkDir, filepath.Dir(env.WorkDir), bin, filepath.Dir(bin)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	err := os.Chmod(filepath.Join(env.WorkDir, "secret"), 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// endLeft ends the process that a script started and noted in the file pid,
// should the script have failed before it did so itself.
func endLeft(dir string) {
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		return
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}
