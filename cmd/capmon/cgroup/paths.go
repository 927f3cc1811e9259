package cgroup

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// maxPaths bounds what is remembered: containers come and go.
	maxPaths = 20_000
	// walkPause is the least time between two walks through the whole tree. It
	// is less than a monitor's window, so that each burst can have one.
	walkPause = time.Second / 2
)

// Paths finds the cgroups that the kernel has told of by their ids, and
// remembers them: an id is never used twice.
type Paths struct {
	root   string
	known  map[uint64]string
	walked time.Time
}

// NewPaths finds cgroups in the tree that is mounted at root. Where root is ""
// it finds none.
func NewPaths(root string) *Paths {
	return &Paths{root: root, known: map[uint64]string{}}
}

// Find returns the path of a cgroup from the root of the tree, "" if it cannot
// be found: it is gone, or outside of the part that is mounted here. pid is a
// process that was in it, and may have ended.
func (p *Paths) Find(id uint64, pid int) string {
	if id == 0 || p.root == "" {
		return ""
	}
	if path, ok := p.known[id]; ok {
		return path
	}
	if len(p.known) >= maxPaths {
		clear(p.known)
	}
	if path, ok := ofProcess(pid); ok && p.is(id, path) {
		p.known[id] = path
		return path
	}
	if time.Since(p.walked) < walkPause {
		return "" // and asked for again later
	}
	p.walk()
	p.walked = time.Now()
	// What was not found now is gone: ids of cgroups that come are others.
	path := p.known[id]
	p.known[id] = path
	return path
}

// is says whether the cgroup of that path has that id, the inode of its
// directory: pid may be another process by now.
func (p *Paths) is(id uint64, path string) bool {
	info, err := os.Stat(filepath.Join(p.root, path))
	return err == nil && inode(info) == id
}

func (p *Paths) walk() {
	// An unreadable directory hides what is in it, and nothing else.
	_ = filepath.WalkDir(p.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || len(p.known) >= maxPaths {
			return nil
		}
		if info, err := d.Info(); err == nil {
			p.known[inode(info)] = "/" + strings.TrimPrefix(strings.TrimPrefix(path, p.root), "/")
		}
		return nil
	})
}

func inode(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}

// ofProcess is the path of the process's cgroup, from the root of capmon's
// cgroup namespace (cgroups(7)).
func ofProcess(pid int) (string, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		return "", false
	}
	for line := range strings.Lines(string(text)) {
		if path, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "0::"); ok {
			return strings.TrimSuffix(path, " (deleted)"), true
		}
	}
	return "", false
}
