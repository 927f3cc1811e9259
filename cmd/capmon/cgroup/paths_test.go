package cgroup

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/capmon/capmon/internal/testenv"
)

// The file system makes no difference: an id is the inode of a directory.
func TestPathsByWalking(t *testing.T) {
	root := t.TempDir()
	make := func(path string) uint64 {
		dir := filepath.Join(root, path)
		testenv.Must(t, os.MkdirAll(dir, 0o755))
		info, err := os.Stat(dir)
		testenv.Must(t, err)
		return inode(info)
	}
	nginx := make("system.slice/nginx.service")
	p := NewPaths(root)
	if got := p.Find(nginx, 0); got != "/system.slice/nginx.service" {
		t.Errorf("found %q", got)
	}
	cron := make("system.slice/cron.service")
	if got := p.Find(cron, 0); got != "" {
		t.Errorf("found %q by a second walk at once", got)
	}
	p.walked = time.Now().Add(-walkPause)
	if got := p.Find(cron, 0); got != "/system.slice/cron.service" {
		t.Errorf("found %q", got)
	}
	testenv.Must(t, os.RemoveAll(filepath.Join(root, "system.slice/cron.service")))
	if got := p.Find(cron, 0); got != "/system.slice/cron.service" {
		t.Errorf("forgot what is gone: %q", got)
	}
	if got := NewPaths("").Find(nginx, os.Getpid()); got != "" {
		t.Errorf("found %q without a tree", got)
	}
	p.walked = time.Time{}
	if got := p.Find(1<<60, 0); got != "" {
		t.Errorf("found %q for what there is not", got)
	}
}

// A process that runs saves the walk, and one that has taken over its id does
// not mislead.
func TestPathsByProcess(t *testing.T) {
	root := testenv.Cgroup2(t)
	path, ok := ofProcess(os.Getpid())
	if !ok {
		testenv.Cannot(t, "this process is in no cgroup of version 2")
	}
	info, err := os.Stat(filepath.Join(root, path))
	testenv.Must(t, err)
	p := NewPaths(root)
	p.walked = time.Now() // so that it does not walk
	if got := p.Find(inode(info)+1, os.Getpid()); got != "" {
		t.Errorf("found %q for another cgroup", got)
	}
	if got := p.Find(inode(info), os.Getpid()); got != path {
		t.Errorf("found %q, want %q", got, path)
	}
}
