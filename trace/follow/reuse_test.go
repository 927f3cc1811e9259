//go:build vm

package follow

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

// Pids are few here, so that they soon come again, those of followed
// processes to others and the other way round.
func TestPIDReuse(t *testing.T) {
	const pidMax = "/proc/sys/kernel/pid_max"
	was, err := os.ReadFile(pidMax)
	testenv.Must(t, err)
	t.Cleanup(func() { testenv.Must(t, os.WriteFile(pidMax, was, 0o644)) })
	testenv.Must(t, os.WriteFile(pidMax, []byte("400"), 0o644))

	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		const times = 400
		script := fmt.Sprintf(`for (1..%d) { $pid = fork // die; if (!$pid) { ask(); exit } print "$pid\n"; waitpid($pid, 0) }`, times)
		other := exec.Command("/usr/bin/perl", "-e", fmt.Sprintf(`sub ask { syscall(%d, $x = ".") } `, unix.SYS_CHROOT)+script)
		other.SysProcAttr = credential()
		var foreign strings.Builder
		other.Stdout = &foreign
		testenv.Must(t, other.Start())
		r := perl(perlAsk+script).start(t, tracer)
		status := r.wait()
		testenv.Must(t, other.Wait())
		if status != 0 {
			t.Fatalf("status %#x: %s", status, r.printed())
		}
		seen := r.collect()

		if n := countOf(asks(seen)); n != times {
			t.Errorf("%d checks, want %d", n, times)
		}
		byPID := map[int]int{}
		for _, i := range seen.Images {
			byPID[i.PID]++
		}
		shared := 0
		for _, line := range lines(foreign.String()) {
			pid, err := strconv.Atoi(line)
			testenv.Must(t, err)
			shared += byPID[pid]
		}
		if shared == 0 {
			t.Error("no pid was used by both: the test shows nothing")
		}
		if slices.ContainsFunc(seen.Checks, func(c trace.Check) bool { return c.Syscall == "chroot" }) {
			t.Error("a foreign process was followed")
		}
		// One forked by the launcher, one executed, and the children.
		if len(seen.Images) != times+2 {
			t.Errorf("%d images", len(seen.Images))
		}
	})
}

// lines are the lines of a text, without the empty one at its end.
func lines(text string) []string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
