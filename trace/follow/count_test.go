package follow

import (
	"fmt"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

func TestCountOfRepeats(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		times := testenv.Scaled(20000)
		seen := perl(perlAsk+fmt.Sprintf(`ask() for 1..%d`, times)).run(t, tracer)
		check := onlyCheck(t, seen, uint64(times))
		if !check.Returned || check.Return != -int64(unix.EPERM) {
			t.Errorf("returned %v %d", check.Returned, check.Return)
		}
	})
}

// More processes than a processor counts by itself are told apart.
func TestRepeatsAreOfTheirProcess(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		const processes, times = 400, 5
		checks := asks(perl(perlAsk+fmt.Sprintf(`for (1..%d) {
			$pid = fork // die; if (!$pid) { ask() for 1..%d; exit } wait }`, processes, times)).run(t, tracer))
		if len(checks) != processes {
			t.Errorf("%d checks, want one of each of %d processes", len(checks), processes)
		}
		for _, c := range checks {
			if c.Count != times {
				t.Fatalf("counted %d of %d", c.Count, times)
			}
		}
	})
}

// The same question at the same place with another answer is another check.
func TestVerdictsAreSeparate(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		p := perl(perlAsk + `ask(); $> = 65534; ask(); ask(); $> = 0; ask()`)
		p.root = true
		checks := asks(p.run(t, tracer))
		if len(checks) != 2 {
			t.Fatalf("checks: %+v", checks)
		}
		passed, failed := checks[0], checks[1]
		if passed.Verdict != trace.Pass || passed.Count != 2 || passed.Errno() != unix.EINVAL {
			t.Errorf("passed: %+v", passed)
		}
		if failed.Verdict != trace.Fail || failed.Count != 2 || failed.Errno() != unix.EPERM {
			t.Errorf("failed: %+v", failed)
		}
		if passed.Decisive() || !failed.Decisive() {
			t.Error("decisive is what was refused")
		}
	})
}

// The same refusal, in a call that succeeds and in one that fails: a signal
// to a process group needs to reach one process of it.
func TestResultsAreSeparate(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		// Of root's, each the leader of a group: one alone, one that the
		// traced process joins.
		alone, joined := groupOfRoot(t), groupOfRoot(t)
		p := perl(fmt.Sprintf(`setpgrp(0, %[2]d); $> = $< = 65534; $< == 65534 or die;
			kill(0, -%[1]d); kill(0, -%[1]d); kill(0, -%[2]d) or die`, alone, joined))
		p.root = true
		results := map[int64]uint64{}
		for _, c := range p.run(t, tracer).Checks {
			if c.Syscall == "kill" {
				results[c.Return] += c.Count
				if c.Decisive() != (c.Return != 0) {
					t.Errorf("decisive: %+v", c)
				}
			}
		}
		if len(results) != 2 || results[-int64(unix.EPERM)] != 2 || results[0] != 1 {
			t.Errorf("results: %v", results)
		}
	})
}

func groupOfRoot(t *testing.T) int {
	t.Helper()
	c := exec.Command("sleep", "300")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	testenv.Must(t, c.Start())
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return c.Process.Pid
}

// Successful calls with different results are one kind: nothing would hold a
// record for each mmap(2).
func TestSuccessesAreOneKind(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		p := perl(`for (1..30) { open($f[$_], "<", "secret") or die }`)
		p.root = true
		p.dir = testenv.OpenToAll(t)
		rootFile(t, p.dir)
		// Of another user's, or root needs no capability.
		testenv.Must(t, unix.Chown(p.dir+"/secret", nobody, nobody))
		var kinds, count uint64
		for _, c := range p.run(t, tracer).Checks {
			if c.Syscall == "openat" && c.Cap.String() == "CAP_DAC_READ_SEARCH" {
				kinds++
				count += c.Count
				if c.Verdict != trace.Pass || c.Return < 3 {
					t.Errorf("check: %+v", c)
				}
			}
		}
		if kinds != 1 || count != 30 {
			t.Errorf("%d kinds, %d checks", kinds, count)
		}
	})
}
