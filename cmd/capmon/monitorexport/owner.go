package monitorexport

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/capmon/capmon/cmd/capmon/cgroup"
	"github.com/capmon/capmon/trace/monitor"
)

const (
	// exeAge is how long an executable is taken to be that of a process of the
	// same id and name.
	exeAge = 10 * time.Second
	// maxExes bounds what is remembered.
	maxExes = 10_000
)

// Finder finds to whom the processes of checks belong. It is used by one
// goroutine at a time.
type Finder struct {
	paths  *cgroup.Paths
	owners map[uint64]cgroup.Owner
	exes   map[process]executable
}

type process struct {
	pid  int
	comm string
}

type executable struct {
	path string
	read time.Time
}

// NewFinder finds cgroups in the tree of version 2, where one is mounted.
func NewFinder() *Finder {
	root, err := cgroup.Root()
	if err != nil {
		root = "" // of a machine without one, only executables are known
	}
	return &Finder{cgroup.NewPaths(root), map[uint64]cgroup.Owner{}, map[process]executable{}}
}

// Owner is to whom the process belonged when it asked.
func (f *Finder) Owner(e monitor.Event) cgroup.Owner {
	if o, ok := f.owners[e.Cgroup]; ok {
		return o
	}
	path := f.paths.Find(e.Cgroup, e.Check.Process.PID)
	o := cgroup.OwnerOf(path)
	if path == "" {
		return o // it may be found later
	}
	if len(f.owners) >= maxExes {
		clear(f.owners)
	}
	f.owners[e.Cgroup] = o
	return o
}

// Executable is the path of the process's executable in its mount namespace, ""
// where it has ended or is another user's and capmon lacks CAP_SYS_PTRACE.
func (f *Finder) Executable(e monitor.Event) string {
	p := process{e.Check.Process.PID, e.Check.Process.Comm}
	known, ok := f.exes[p]
	if ok && e.Time.Sub(known.read) < exeAge {
		return known.path
	}
	path, err := os.Readlink("/proc/" + strconv.Itoa(p.pid) + "/exe")
	if err != nil || !filepath.IsAbs(path) || commOf(p.pid) != p.comm {
		path = known.path // what it was is the best guess for what has ended
	}
	if len(f.exes) >= maxExes {
		clear(f.exes)
	}
	path = strings.TrimSuffix(path, " (deleted)")
	f.exes[p] = executable{path, e.Time}
	return path
}

// commOf is the name of a process that runs: its id may be another's by now.
func commOf(pid int) string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}
