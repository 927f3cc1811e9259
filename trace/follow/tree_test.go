package follow

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

// onlyCheck expects one kind of check by ask, made so many times.
func onlyCheck(t *testing.T, seen trace.Trace, times uint64) trace.Check {
	t.Helper()
	checks := asks(seen)
	if len(checks) != 1 || checks[0].Count != times {
		t.Fatalf("want one check, made %d times, got %+v", times, checks)
	}
	if checks[0].Image < 0 {
		t.Fatalf("of no image: %+v", checks[0])
	}
	return checks[0]
}

func TestForkWithoutExec(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		seen := perl(perlAsk+`$pid = fork // die; if (!$pid) { $0 = "child"; ask(); exit 3 } waitpid($pid, 0)`).run(t, tracer)
		check := onlyCheck(t, seen, 1)
		child := seen.Images[check.Image]
		parent := seen.Images[child.Parent]
		if child.Executed || !parent.Executed || child.PID == parent.PID || child.PPID != parent.PID {
			t.Errorf("child %+v, parent %+v", child, parent)
		}
		if child.Exe != parent.Exe || !strings.Contains(child.Exe, "/perl") {
			t.Errorf("executables: %q and %q", child.Exe, parent.Exe)
		}
		if check.Process.Comm != "child" || !child.Status.Exited() || child.Status.ExitStatus() != 3 {
			t.Errorf("comm %q, status %#x", check.Process.Comm, child.Status)
		}
		if check.FailedAt == 0 || check.FailedAt != child.End {
			t.Errorf("failed at %v, ended at %v", check.FailedAt, child.End)
		}
	})
}

func TestThreads(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		const threads = 8
		seen := role(t, "threads", fmt.Sprint(threads), "50").run(t, tracer)
		onlyCheck(t, seen, threads*50)
	})
}

func TestLeaderEndsFirst(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		r := role(t, "leader leaves").start(t, tracer)
		status := r.wait()
		seen := r.collect()
		image := seen.Images[onlyCheck(t, seen, 1).Image]
		if status.ExitStatus() != 7 || image.Status != status || image.PID != r.pid {
			t.Errorf("status %#x and %#x, %s", status, image.Status, r.printed())
		}
	})
}

func TestExecByThread(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		p := role(t, "exec by a thread", "/usr/bin/perl", "-e", perlAsk+"ask(); ask()")
		r := p.start(t, tracer)
		if status := r.wait(); status != 0 {
			t.Fatalf("status %#x: %s", status, r.printed())
		}
		seen := r.collect()
		checks := asks(seen)
		if len(checks) != 2 || checks[0].Count != 1 || checks[1].Count != 2 {
			t.Fatalf("checks: %+v", checks)
		}
		before, after := seen.Images[checks[0].Image], seen.Images[checks[1].Image]
		if before.PID != r.pid || after.PID != r.pid || after.Parent != checks[0].Image {
			t.Errorf("pid %d: before %+v, after %+v", r.pid, before, after)
		}
		if !before.Replaced || before.Exe != p.args[0] || after.Replaced || after.Comm != "perl" {
			t.Errorf("before %+v, after %+v", before, after)
		}
	})
}

func TestSpawn(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		seen := role(t, "spawn", "/usr/bin/perl", "-e", perlAsk+"ask()").run(t, tracer)
		image := seen.Images[onlyCheck(t, seen, 1).Image]
		if image.Comm != "perl" || !image.Executed {
			t.Errorf("image: %+v", image)
		}
	})
}

func TestDaemonOutlivesCommand(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		gate, open, err := os.Pipe()
		testenv.Must(t, err)
		defer gate.Close()
		defer open.Close()
		p := perl(perlAsk + `use POSIX; $^F = 9; open(G, "<&=", 3) or die;
			if (!fork) { POSIX::setsid(); if (!fork) { sysread(G, $x, 1); ask(); exit 4 } exit 0 } wait; exit $?`)
		p.files = []*os.File{gate}
		r := p.start(t, tracer)
		if status := r.wait(); status != 0 {
			t.Fatalf("status %#x: %s", status, r.printed())
		}
		first := r.collect()
		left := followedPIDs(t, tracer)
		if len(left) != 1 || len(asks(first)) != 0 {
			t.Fatalf("left: %v, checks: %+v", left, asks(first))
		}
		open.Close()
		awaitEnd(t, left[0])
		check := onlyCheck(t, r.collect(), 1)
		if check.Process.PID != left[0] || check.Process.Comm != "perl" || check.Process.Exe == "" {
			t.Errorf("not the daemon's, which was %d: %+v", left[0], check)
		}
	})
}

func TestManyChildren(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		children := testenv.Scaled(5000)
		p := shell(fmt.Sprintf(`i=0; while [ $i -lt %d ]; do (: <secret) 2>/dev/null; i=$((i+1)); done`, children))
		p.dir = testenv.OpenToAll(t)
		rootFile(t, p.dir)
		seen := p.run(t, tracer)
		refused := map[int]uint64{}
		for _, c := range seen.Checks {
			if c.Cap.String() == "CAP_DAC_READ_SEARCH" && c.Syscall == "openat" {
				refused[c.Image] += c.Count
			}
		}
		forked, executed := 0, 0
		for _, i := range seen.Images {
			if i.Executed {
				executed++
			} else if i.Parent >= 0 {
				forked++
			}
			if i.End == 0 {
				t.Fatalf("has not ended: %+v", i)
			}
		}
		if len(refused) != children || forked != children || executed != 1 {
			t.Errorf("%d of %d children refused, %d forked, %d executed", len(refused), children, forked, executed)
		}
		for image, times := range refused {
			if times != 1 {
				t.Errorf("%+v was refused %d times", seen.Images[image], times)
			}
		}
	})
}

func TestUnrelatedProcessStaysOut(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		// It asks all the time until its input ends.
		other := exec.Command("/usr/bin/perl", "-e", perlAsk+`
			$SIG{ALRM} = "DEFAULT"; alarm 300; $| = 1; vec($in, 0, 1) = 1; print "asking\n";
			do { ask() for 1..100 } until select($r = $in, undef, undef, 0)`)
		until, err := other.StdinPipe()
		testenv.Must(t, err)
		out, err := other.StdoutPipe()
		testenv.Must(t, err)
		testenv.Must(t, other.Start())
		defer func() {
			until.Close()
			testenv.Must(t, other.Wait())
		}()
		_, err = out.Read(make([]byte, 10))
		testenv.Must(t, err)

		times := testenv.Scaled(5000)
		seen := perl(perlAsk+fmt.Sprintf(`ask() for 1..%d`, times)).run(t, tracer)
		onlyCheck(t, seen, uint64(times))
		for _, i := range seen.Images {
			if i.PID == other.Process.Pid {
				t.Errorf("foreign: %+v", i)
			}
		}
	})
}

func TestTwoRecordings(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		times := []int{testenv.Scaled(3000), testenv.Scaled(4000)}
		var both []*running
		for _, n := range times {
			both = append(both, perl(perlAsk+fmt.Sprintf(`for (1..%d) { ask(); if (!fork) { exit } wait if $_ %% 100 == 0 } 1 while wait > 0`, n/10)).start(t, tracer))
		}
		for i, r := range both {
			if status := r.wait(); status != 0 {
				t.Fatalf("status %#x: %s", status, r.printed())
			}
			check := onlyCheck(t, r.collect(), uint64(times[i]/10))
			if check.Process.PID != r.pid {
				t.Errorf("not of %d: %+v", r.pid, check)
			}
		}
	})
}

// What the launcher does between fork and exec is not the command's, but for
// the exec itself.
func TestRefusedExec(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		dir := testenv.OpenToAll(t)
		testenv.Must(t, os.WriteFile(dir+"/secret", nil, 0o700))
		r, err := program{args: []string{dir + "/secret"}}.launch(t, tracer)
		if err != unix.EACCES {
			t.Fatalf("executed: %v", err)
		}
		seen := r.collect()
		want := want{cap: "CAP_DAC_OVERRIDE", verdict: trace.Fail, syscall: "execve", errno: unix.EACCES, function: "generic_permission"}
		refused := 0
		for _, c := range seen.Checks {
			switch {
			case want.matches(c):
				refused++
			case c.Syscall != "execve":
				t.Errorf("not of the exec: %+v", c)
			}
		}
		if refused != 1 || len(seen.Images) != 1 || seen.Images[0].Executed || seen.Images[0].End == 0 {
			t.Errorf("refused %d times: images %+v, checks %+v", refused, seen.Images, seen.Checks)
		}
	})
}
