package monitor

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/internal/tracetest"
)

const foldTest = 50 * time.Millisecond

func TestMonitorSeesARefusal(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		helper := startAsking(t, "refused me", tracetest.Nobody)
		before := time.Now()
		w := startMonitor(t, Config{Backend: backend, Window: foldTest, Filter: Filter{PIDs: []int{helper.pid}}})
		helper.ask(1)
		seen := w.stop()
		if len(seen) != 1 {
			t.Fatalf("saw %+v, want one check", seen)
		}
		got := seen[0]
		if got.Time.Before(before) || got.Time.After(time.Now()) {
			t.Errorf("time %v is not between %v and now", got.Time, before)
		}
		if took := time.Since(before); got.Check.First < 0 || got.Check.First > took {
			t.Errorf("first made %v after the beginning, %v after the test's", got.Check.First, took)
		}
		got.Time, got.Check.First = time.Time{}, 0
		want := Event{UID: tracetest.Nobody, Cgroup: ownCgroup(t), Check: trace.Check{
			Process: trace.Process{PID: helper.pid, PPID: os.Getpid(), Comm: "refused me"}, Image: -1,
			Cap: caps.SysAdmin, Verdict: trace.Fail, Audited: true, InitialNS: true, OwnCreds: true,
			Syscall: "sethostname", Function: "__" + sysPrefix + "sys_sethostname", Count: 1,
		}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +saw):\n%s", diff)
		}
		if n := w.lost(); n != 0 {
			t.Errorf("lost %d", n)
		}
	})
}

func TestMonitorFilters(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		root, refused := startAsking(t, "root", 0), startAsking(t, "refused", tracetest.Nobody)
		tests := []struct {
			name   string
			filter Filter
			want   string
		}{
			{"none", Filter{}, "root:2 refused:3"},
			{"pid", Filter{PIDs: []int{root.pid}}, "root:2"},
			{"pids", Filter{PIDs: []int{root.pid, refused.pid}}, "root:2 refused:3"},
			{"user", Filter{UIDs: []uint32{tracetest.Nobody}}, "refused:3"},
			{"capability", Filter{Caps: caps.NewSet(caps.SysAdmin, caps.NetAdmin)}, "root:2 refused:3"},
			{"other capability", Filter{Caps: caps.NewSet(caps.NetAdmin)}, ""},
			{"fail", Filter{OnlyFail: true}, "refused:3"},
			{"kinds must agree", Filter{PIDs: []int{root.pid}, UIDs: []uint32{tracetest.Nobody}}, ""},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				w := startMonitor(t, Config{Backend: backend, Window: foldTest, Filter: tt.filter})
				root.ask(2)
				refused.ask(3)
				if got := counts(w.stop(), "root", "refused"); got != tt.want {
					t.Errorf("saw %q, want %q", got, tt.want)
				}
			})
		}
	})
}

func TestMonitorTreeHasFutureDescendants(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		inside, outside := startAsking(t, "inside", 0), startAsking(t, "outside", 0)
		w := startMonitor(t, Config{Backend: backend, Window: foldTest, Filter: Filter{Trees: []int{inside.pid}}})
		inside.ask(1)
		inside.askInChildren(2, 3)
		outside.ask(1)
		outside.askInChildren(1, 1)
		if got := counts(w.stop(), "inside", "outside"); got != "inside:7" {
			t.Errorf("saw %q, want 7 checks of the tree alone", got)
		}
		var left int
		var pid uint32
		var one uint8
		for entries := w.monitor.maps.Tree.Iterate(); entries.Next(&pid, &one); {
			left++
		}
		if left != 1 {
			t.Errorf("%d processes are still followed, want only the first", left)
		}
	})
}

func TestMonitorCgroupHasWhatIsBelow(t *testing.T) {
	loader.Backends(t) // root
	root := testenv.Cgroup2(t)
	dir := filepath.Join(root, "capmon-test-"+strconv.Itoa(os.Getpid()))
	below := filepath.Join(dir, "below")
	for _, d := range []string{dir, below} {
		testenv.Must(t, os.Mkdir(d, 0o755))
		t.Cleanup(func() { testenv.Must(t, unix.Rmdir(d)) })
	}
	eachBackend(t, func(t *testing.T, backend string) {
		inside, deeper, outside := startAsking(t, "inside", 0), startAsking(t, "deeper", 0), startAsking(t, "outside", 0)
		move(t, inside.pid, dir)
		move(t, deeper.pid, below)
		w := startMonitor(t, Config{Backend: backend, Window: foldTest, Filter: Filter{Cgroups: []string{dir}}})
		inside.askInChildren(2, 2)
		deeper.ask(3)
		outside.ask(1)
		seen := w.stop()
		if got := counts(seen, "inside", "deeper", "outside"); got != "inside:4 deeper:3" {
			t.Errorf("saw %q, want those in the cgroup and below", got)
		}
		ids := map[string]uint64{"inside": inode(t, dir), "deeper": inode(t, below)}
		for _, e := range seen {
			if want, ok := ids[e.Check.Process.Comm]; ok && e.Cgroup != want {
				t.Errorf("%s was in the cgroup %d, want %d", e.Check.Process.Comm, e.Cgroup, want)
			}
		}
		// A cgroup with a process in it cannot be removed.
		move(t, inside.pid, root)
		move(t, deeper.pid, root)
	})
}

// ownCgroup is the id of this process's cgroup, which is that of its children.
func ownCgroup(t *testing.T) uint64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/cgroup")
	testenv.Must(t, err)
	for line := range strings.Lines(string(text)) {
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::"); ok {
			return inode(t, filepath.Join(testenv.Cgroup2(t), path))
		}
	}
	t.Fatalf("no v2 cgroup in %q", text)
	return 0
}

func inode(t *testing.T, path string) uint64 {
	t.Helper()
	var st unix.Stat_t
	testenv.Must(t, unix.Stat(path, &st))
	return st.Ino
}

func move(t *testing.T, pid int, dir string) {
	t.Helper()
	testenv.Must(t, os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0))
}

func TestMonitorFoldsExactly(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		const n = 200_000
		helper := startAsking(t, "folded", 0)
		w := startMonitor(t, Config{Backend: backend, Window: foldTest, Filter: Filter{PIDs: []int{helper.pid}}})
		began := time.Now()
		helper.ask(n)
		windows := int(time.Since(began)/foldTest) + 2
		checks := hostnameChecks(w.stop())
		if got := total(checks); got+w.lost() != n {
			t.Errorf("counted %d and lost %d of %d checks", got, w.lost(), n)
		}
		if len(checks) > windows {
			t.Errorf("%d lines for %d windows", len(checks), windows)
		}
	})
}

// Processes that take turns on a processor, and more of them in a window than
// can be counted there, are told apart, and each check is counted once.
func TestMonitorFoldsWhatTakesTurns(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		const checks, turns, children = 5, 200, 400
		a, b := startAsking(t, "turn-a", 0), startAsking(t, "turn-b", 65534)
		w := startMonitor(t, Config{Backend: backend, Window: time.Hour})
		for range turns {
			a.ask(checks)
			b.ask(checks)
		}
		a.askInChildren(checks, children)
		seen := w.stop()
		want := fmt.Sprintf("turn-a:%d turn-b:%d", checks*(turns+children), checks*turns)
		if got := counts(seen, "turn-a", "turn-b"); got != want || w.lost() > 0 {
			t.Errorf("counted %s and lost %d, want %s", got, w.lost(), want)
		}
	})
}

func TestMonitorWithoutFolding(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		const n = 1000
		helper := startAsking(t, "single", 0)
		w := startMonitor(t, Config{Backend: backend, Filter: Filter{PIDs: []int{helper.pid}}})
		helper.ask(n)
		checks := hostnameChecks(w.stop())
		if len(checks) != n || total(checks) != n {
			t.Errorf("saw %d lines of %d checks, want %d of each", len(checks), total(checks), n)
		}
	})
}

func TestMonitorLeavesItselfOut(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		helper := startAsking(t, "foreign", 0)
		w := startMonitor(t, Config{Backend: backend, Window: foldTest, Filter: Filter{All: true}})
		if err := unix.Setgroups([]int{}); err != nil {
			t.Fatal(err)
		}
		helper.ask(1)
		seen := w.stop()
		if counts(seen, "foreign") != "foreign:1" {
			t.Fatal("the helper's check was not seen")
		}
		for _, c := range seen {
			if c.Check.Process.PID == os.Getpid() {
				t.Fatalf("saw its own %+v", c)
			}
		}
	})
}

// What is not audited, and what is not against the initial user namespace,
// is seen with All only.
func TestMonitorAll(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		for _, all := range []bool{false, true} {
			w := startMonitor(t, Config{Backend: backend, Window: foldTest, Filter: Filter{All: all, Trees: []int{os.Getpid()}}})
			out, err := exec.Command("unshare", "-Ur", "mount", "-t", "tmpfs", "none", "/nowhere").CombinedOutput()
			if err == nil {
				t.Fatalf("mount succeeded: %s", out)
			}
			// ptrace_may_access() for what another user may not read there.
			cat := exec.Command("cat", "/proc/1/stat")
			cat.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: tracetest.Nobody, Gid: tracetest.Nobody}}
			testenv.Must(t, cat.Run())
			unaudited, otherNS := false, false
			for _, c := range w.stop() {
				unaudited = unaudited || !c.Check.Audited
				otherNS = otherNS || !c.Check.InitialNS
			}
			if unaudited != all || otherNS != all {
				t.Errorf("with All=%v saw unaudited %v, other namespaces %v", all, unaudited, otherNS)
			}
		}
	})
}

func TestMonitorCountsWhatIsLost(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		const n = 5000
		helper := startAsking(t, "too fast", 0)
		w := openTestMonitor(t, Config{
			Backend: backend, RingBytes: uint32(os.Getpagesize()), Filter: Filter{PIDs: []int{helper.pid}},
		})
		// Nobody reads the ring yet.
		helper.ask(n)
		w.run()
		got := total(hostnameChecks(w.stop()))
		if got == 0 || got == n || got+w.lost() != n {
			t.Errorf("saw %d and lost %d of %d", got, w.lost(), n)
		}
	})
}

func TestMonitorWindowFull(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		const children = 100
		helper := startAsking(t, "many", 0)
		w := openTestMonitor(t, Config{
			Backend: backend, Window: time.Hour, WindowEntries: 16, Filter: Filter{Trees: []int{helper.pid}},
		})
		helper.askInChildren(3, children)
		w.run()
		checks := hostnameChecks(w.stop())
		if got := total(checks); got != 3*children || w.lost() != 0 {
			t.Errorf("saw %d of %d checks, lost %d", got, 3*children, w.lost())
		}
		// 16 found room and are folded, the rest came one by one. The kernel
		// side may have taken one way to the check for two at first.
		if n := len(checks); n < 16+3*(children-16) || n >= 3*children {
			t.Errorf("saw %d lines", n)
		}
	})
}

// When there is no room for more places, all are forgotten and found again.
func TestMonitorForgetsPlaces(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		helper := startAsking(t, "placed", 0)
		m, err := Open(Config{Backend: backend, Window: foldTest, Filter: Filter{PIDs: []int{helper.pid}}})
		testenv.Must(t, err)
		defer m.Close()
		ctx, cancel := context.WithCancel(t.Context())
		first, done := make(chan int, 1), make(chan error, 1)
		var functions []string
		forgot := false
		go func() {
			done <- m.Run(ctx, func(burst []Event) error {
				if len(functions) == 1 && !forgot { // the window after the one of the check
					forgot = true
					first <- len(m.places.known)
				}
				for _, c := range hostnameChecks(burst) {
					functions = append(functions, c.Function)
					m.places.missed = true
				}
				return nil
			})
		}()
		helper.ask(1)
		if n := <-first; n != 0 {
			t.Errorf("%d places are still known", n)
		}
		helper.ask(1)
		cancel()
		testenv.Must(t, <-done)
		if len(functions) != 2 || functions[0] != functions[1] || functions[0] == "" {
			t.Errorf("saw the functions %q, want one and the same twice", functions)
		}
	})
}
