package launch

import (
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// A pid that was looked up a moment ago may be somebody else's now.
func TestKillSparesTheNextOwnerOfAPid(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	p, err := readProc(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	fd := watch(t, p.pid)
	before := p
	before.started--
	if err := before.kill(unix.SIGKILL); !gone(err) {
		t.Errorf("error is %v, want that the process has gone", err)
	}
	if endsWithin(fd, 0) {
		t.Error("the next owner was killed")
	}
	if err := p.kill(unix.SIGKILL); err != nil {
		t.Error(err)
	}
	awaitEnd(t, "sleep", fd)
}
