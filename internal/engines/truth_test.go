//go:build vm

package engines

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/engine"
	"github.com/capmon/capmon/internal/testenv"
)

// holds has the engine alone show that a set is enough, and that nothing in it is
// superfluous; or that everything is not enough.
func holds(t *testing.T, by string, c Case, set caps.Set, none bool) {
	t.Helper()
	if by == engine.Docker && c.Files {
		// Of an image that is not as it is now, by docker itself nothing would do.
		none = true
	}
	if none {
		if succeeds(t, by, c, "--cap-add=ALL") {
			t.Errorf("with everything it succeeds, and should not")
		}
		return
	}
	if !succeeds(t, by, c, flags(set)...) {
		t.Errorf("with %q it fails: the table is wrong", set.Names())
	}
	for _, one := range set.Members() {
		if succeeds(t, by, c, flags(set.Without(one))...) {
			t.Errorf("without %s it succeeds: the table is wrong", one)
		}
	}
}

func flags(set caps.Set) []string {
	list := []string{"--cap-drop=ALL"}
	for _, name := range set.Names() {
		list = append(list, "--cap-add="+strings.TrimPrefix(name, "CAP_"))
	}
	return list
}

// tried is the name of the container.
const tried = "tried"

// succeeds runs the container by the engine, without capmon.
func succeeds(t *testing.T, by string, c Case, flags ...string) bool {
	t.Helper()
	args := append([]string{"run", "--name", tried}, flags...)
	args = append(args, c.Options...)
	if c.Ready != "" {
		args = append(args, "--detach")
	}
	defer func() { testenv.Must(t, exec.Command(by, "rm", "--force", "--volumes", tried).Run()) }()
	if err := exec.Command(by, append(args, c.Name)...).Run(); err != nil || c.Ready == "" {
		return err == nil
	}
	// Until it is ready, or has ended; some do neither.
	for began := time.Now(); time.Since(began) < c.limit(); {
		ready := exec.Command("sh", "-c", c.Ready)
		ready.Env = append(os.Environ(), "ENGINE="+by, "CONTAINER="+tried)
		if ready.Run() == nil {
			return true
		}
		state, err := exec.Command(by, "container", "inspect", "--format", "{{.State.Running}}", tried).Output()
		testenv.Must(t, err)
		if strings.TrimSpace(string(state)) != "true" {
			return false
		}
	}
	return false
}
