//go:build !vm

// An emulated guest has one processor: scripts/vm/run.sh says why.

package follow

import (
	"runtime"
	"testing"

	"github.com/capmon/capmon/internal/testenv"
)

// The first checks of a kind, made by two threads at the same moment, are not
// counted as one.
func TestThreadsInStep(t *testing.T) {
	if runtime.NumCPU() < 2 {
		testenv.Cannot(t, "takes two processors")
	}
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		for range testenv.Scaled(20) {
			counts := map[string]uint64{}
			for _, c := range role(t, "threads in step", "2").run(t, tracer).Checks {
				counts[c.Syscall] += c.Count
			}
			for _, nr := range refused {
				if name := tracer.syscalls.Name(int(nr), false); counts[name] != 2 {
					t.Errorf("%s: %d times", name, counts[name])
				}
			}
		}
	})
}
