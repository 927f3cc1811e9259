//go:build vm

package engines

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capmon/capmon/internal/testenv"
)

// A report of an image can be verified, and what is emitted for it runs.
func TestKept(t *testing.T) {
	by := chosen(t)
	testenv.Must(t, plain.load(by, plainName))
	file := filepath.Join(t.TempDir(), "needs.json")
	args := []string{"--" + by, plainName, "--run-option=--network=none", "--run-option=--user=1000", "--json", "-o", file, "--", "chroot", "/", "true"}
	cmd, _, said := capmonCommand(t, args...)
	if status := exitStatus(t, cmd.Run()); status != 0 {
		t.Fatalf("status %d: %s", status, said)
	}
	verify := exec.Command(os.Getenv(envBinary), "verify", "--quick", file)
	out, err := verify.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "still sufficient: CAP_SYS_CHROOT") {
		t.Errorf("verify: %v\n%s", err, out)
	}
	// Where it takes file capabilities, the image of today does not have them.
	if by == "podman" {
		emit := exec.Command(os.Getenv(envBinary), "discover", "--emit", by)
		emit.Env = cmd.Env
		out, err := emit.Output()
		testenv.Must(t, err)
		if out, err := exec.Command("sh", "-c", string(out)).CombinedOutput(); err != nil {
			t.Errorf("what is emitted fails: %v\n%s", err, out)
		}
		testenv.Must(t, exec.Command(by, "rm", "--all", "--force").Run())
	}
	nothingLeft(t, by)
}

// Without a tracer a set is found by searching alone.
func TestUntraced(t *testing.T) {
	by := chosen(t)
	testenv.Must(t, plain.load(by, plainName))
	r := discover(t, "--"+by, plainName, "--backend=none", "--run-option=--network=none", "--", "true")
	if r.Backend != "none" || r.Verdict != "minimal" || r.Capabilities != 0 {
		t.Errorf("with %s: %s %q", r.Backend, r.Verdict, r.Capabilities.Names())
	}
	nothingLeft(t, by)
}
