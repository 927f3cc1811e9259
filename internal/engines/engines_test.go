//go:build vm

package engines

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/engine"
	"github.com/capmon/capmon/internal/discovered"
	"github.com/capmon/capmon/internal/testenv"
)

// chosen is the engine that is tried.
func chosen(t *testing.T) string {
	t.Helper()
	name := os.Getenv(envRun)
	if name == "" {
		testenv.Cannot(t, "engines run where scripts/enginestest.sh runs them, in a virtual machine")
	}
	return name
}

// eachImage makes the images that an engine is to run.
func eachImage(t *testing.T, test func(t *testing.T, engine string, c Case)) {
	by := chosen(t)
	self, err := os.Executable()
	testenv.Must(t, err)
	for _, c := range Cases(self) {
		if by == engine.Docker && !c.Docker {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			if c.Setup != "" {
				if out, err := exec.Command("sh", "-c", c.Setup).CombinedOutput(); err != nil {
					t.Fatalf("setup: %v\n%s", err, out)
				}
			}
			testenv.Must(t, c.Image.load(by, c.Name))
			test(t, by, c)
			nothingLeft(t, by)
		})
	}
}

func want(t *testing.T, by string, c Case) (set caps.Set, none bool) {
	t.Helper()
	text := c.Want
	if by == engine.Docker && c.DockerWant != "" {
		text = c.DockerWant
	}
	if text == "-" {
		return 0, true
	}
	set, err := caps.ParseSet(text)
	testenv.Must(t, err)
	return set, false
}

func TestEngines(t *testing.T) {
	eachImage(t, func(t *testing.T, by string, c Case) {
		set, none := want(t, by, c)
		holds(t, by, c, set, none)
		r := find(t, by, c)
		if none {
			if r.Verdict != controller.NotFound {
				t.Errorf("found %q (%s), and %s can grant nothing", r.Capabilities.Names(), r.Verdict, by)
			}
			return
		}
		if r.Verdict != controller.Minimal || r.Capabilities != set {
			t.Errorf("found %q (%s: %s), want %q", r.Capabilities.Names(), r.Verdict, r.Reason, set.Names())
		}
		if files := by == engine.Docker && c.Files; (r.Container.FileCapabilities != "") != files {
			t.Errorf("file capabilities on %q, want some: %v", r.Container.FileCapabilities, files)
		}
		onlyItsOwn(t, r)
	})
}

// onlyItsOwn fails for checks of what the engine itself runs.
func onlyItsOwn(t *testing.T, r controller.Report) {
	t.Helper()
	for _, a := range r.Runs {
		for _, check := range a.Checks {
			switch name := check.Process.Comm; {
			case strings.HasPrefix(name, "runc"), strings.HasPrefix(name, "crun"), strings.HasPrefix(name, "conmon"),
				strings.HasPrefix(name, "containerd"), strings.HasPrefix(name, "podman"), strings.HasPrefix(name, "docker"):
				t.Errorf("a check of %s was counted: %+v", name, check)
			}
		}
	}
}

// find runs capmon discover for the case, as a user would.
func find(t *testing.T, by string, c Case) controller.Report {
	t.Helper()
	args := []string{"discover", "--json", "--" + by, c.Name, "--timeout", "3m"}
	for _, option := range c.Options {
		args = append(args, "--run-option="+option)
	}
	if c.Ready != "" {
		args = append(args, "--ready", c.Ready, "--ready-timeout", c.limit().String())
	}
	if c.Check != "" {
		args = append(args, "--check", c.Check, "--exec")
	}
	cmd := exec.Command(os.Getenv(envBinary), args...)
	cmd.Env = append(os.Environ(), "ENGINE="+by, "XDG_STATE_HOME="+t.TempDir())
	r, said := discovered.Report(t, cmd)
	t.Log(said)
	return r
}

// nothingLeft fails for a container or a cgroup that is left.
func nothingLeft(t *testing.T, by string) {
	t.Helper()
	out, err := exec.Command(by, "ps", "--all", "--format", "{{.Names}}").CombinedOutput()
	testenv.Must(t, err)
	if len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("containers are left: %s", out)
	}
	out, err = exec.Command("sh", "-c", "find /sys/fs/cgroup -name 'docker-*.scope' -o -name 'libpod-*.scope'; grep -E 'merged|/shm' /proc/mounts | grep -E 'containers/storage|docker/'").Output()
	if err == nil && len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("cgroups or mounts are left: %s", out)
	}
}
