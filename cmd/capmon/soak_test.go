package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
)

// soakKills is how often each job is killed; CAPMON_SOAK asks for more.
const soakKills = 20

// soakMark is an environment variable that marks the processes of one test:
// whatever capmon starts inherits it.
const soakMark = "CAPMON_SOAK_MARK"

// A job is one way to use capmon, which SIGKILL ends at any moment.
var soakJobs = []struct {
	name string
	args func(dir string) []string
}{
	{"trace", func(string) []string {
		return []string{"--user", "nobody", "--", "sh", "-c", "chroot / true; setsid sleep 0.3 & ls -lR /etc; wait"}
	}},
	{"discover", func(dir string) []string {
		link := "capsoak" + strconv.Itoa(os.Getpid()%10000)
		return []string{"discover", "--user", "nobody", "-o", filepath.Join(dir, "out"),
			"--setup", "ip link add " + link + " type dummy", "--cleanup", "ip link del " + link,
			"setsid sleep 1000 & ip link set " + link + " up"}
	}},
	{"sandbox", func(string) []string {
		return []string{"discover", "--sandbox", "--jobs", "2", "--setup", "mkdir /mnt/soak; setsid sleep 1000 & true",
			"mount -t tmpfs soak /mnt/soak && chown daemon /mnt/soak && chroot / true"}
	}},
	{"monitor", func(string) []string { return []string{"monitor", "--json"} }},
}

// Whenever capmon is killed, nothing that it made is left.
func TestKilledAtAnyMoment(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	kills := soakKills
	if n, err := strconv.Atoi(os.Getenv("CAPMON_SOAK")); err == nil {
		kills = n
	}
	for _, job := range soakJobs {
		t.Run(job.name, func(t *testing.T) {
			dir := t.TempDir()
			before := leftovers(t)
			whole := soak(t, dir, job.args(dir), 0)
			for range kills {
				soak(t, dir, job.args(dir), time.Duration(1+rand.Int64N(int64(whole))))
			}
			awaitGone(t, before)
			for _, name := range filesBelow(t, dir) {
				t.Errorf("the file %s is left", name)
			}
		})
	}
}

// soak runs capmon and kills it after a time, or with 0 measures how long it
// runs by itself, a second at most. It returns when nothing runs that it
// started.
func soak(t *testing.T, dir string, args []string, after time.Duration) time.Duration {
	t.Helper()
	mark := fmt.Sprintf("%s=%d-%d", soakMark, os.Getpid(), rand.Uint64())
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), runAsCapmon+"=1", mark, "TMPDIR="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"))
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := after
	if limit == 0 {
		limit = time.Second
	}
	kill := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait()
	kill.Stop()
	whole := time.Since(start)
	if err := os.RemoveAll(filepath.Join(dir, "state")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	awaitNone(t, "processes of capmon "+strings.Join(args, " "), func() []string { return marked(mark) })
	return whole
}

// marked lists the processes that have the mark in their environment.
func marked(mark string) []string {
	var found []string
	all, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range all {
		environ, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(environ, []byte(mark)) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
	}
	return found
}

// leftovers are the things of the machine that capmon, or what it runs in
// these jobs, makes.
func leftovers(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	add := func(what string, names []string) {
		for _, name := range names {
			found[what+" "+name] = true
		}
	}
	add("mount", linesWith(t, "/proc/self/mountinfo", "soak"))
	add("mount", linesWith(t, "/proc/self/mountinfo", "upperdir=/store/"))
	add("keyring", linesWith(t, "/proc/keys", "capmon"))
	add("loop device", glob(t, "/sys/block/loop*/loop/backing_file"))
	add("link", glob(t, "/sys/class/net/capsoak*"))
	add("cgroup", glob(t, "/sys/fs/cgroup/*capmon*"))
	add("pinned object", glob(t, "/sys/fs/bpf/*"))
	if os.Getenv("CAPMON_SOAK") != "" {
		// Only where no other test loads programs meanwhile.
		add("eBPF program", ebpfPrograms(t))
	}
	return found
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func linesWith(t *testing.T, file, word string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, word) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func ebpfPrograms(t *testing.T) []string {
	t.Helper()
	var ids []string
	for id := ebpf.ProgramID(0); ; {
		next, err := ebpf.ProgramGetNextID(id)
		if err != nil {
			return ids
		}
		ids = append(ids, strconv.Itoa(int(next)))
		id = next
	}
}

// awaitGone waits until there is nothing that was not there before.
func awaitGone(t *testing.T, before map[string]bool) {
	t.Helper()
	awaitNone(t, "things of capmon", func() []string {
		var new []string
		for name := range leftovers(t) {
			if !before[name] {
				new = append(new, name)
			}
		}
		return new
	})
}

// awaitNone waits until nothing is found. What ends asynchronously after a
// SIGKILL has no event that could be awaited.
func awaitNone(t *testing.T, what string, find func() []string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		found := find()
		if len(found) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s are left: %q", what, found)
		}
		// Lets the others run.
		_, _ = unix.Poll(nil, 5)
	}
}

func filesBelow(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if path != dir {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
