// Package cgroup finds cgroups by what people call them.
package cgroup

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// Root is where the cgroup v2 tree is mounted.
func Root() (string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", fmt.Errorf("find the cgroup v2 tree: %w", err)
	}
	defer f.Close()
	root, err := Mount(f)
	if err != nil {
		return "", fmt.Errorf("find the cgroup v2 tree: %w", err)
	}
	return root, nil
}

// Mount finds where cgroup2 is mounted, in the lines of
// /proc/PID/mountinfo (proc(5)).
func Mount(lines io.Reader) (string, error) {
	mounts, err := mountinfo.GetMountsFromReader(lines, mountinfo.FSTypeFilter("cgroup2"))
	if err != nil {
		return "", err
	}
	if len(mounts) == 0 {
		return "", errors.New("none is mounted here")
	}
	return mounts[0].Mountpoint, nil
}

// Find takes a directory, or a path as /proc/PID/cgroup has it, from the
// root of the tree.
func Find(root, path string) (string, error) {
	for _, dir := range []string{path, filepath.Join(root, path)} {
		if path != "" && isCgroup(dir) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("%q is not a cgroup (v2): give a directory below %s", path, root)
}

func isCgroup(dir string) bool {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil || st.Type != unix.CGROUP2_SUPER_MAGIC {
		return false
	}
	info, err := os.Stat(dir)
	return err == nil && info.IsDir()
}

var containerID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// FindContainer finds the cgroup of the container whose id begins so. The
// runtimes call it <id>, docker-<id>.scope, libpod-<id>.scope,
// cri-containerd-<id>.scope and the like.
func FindContainer(root, id string) (string, error) {
	if !containerID.MatchString(id) {
		return "", fmt.Errorf("%q is not the id of a container", id)
	}
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // it ended while we looked
		case err != nil:
			return err
		case !d.IsDir() || path == root || !isContainer(d.Name(), id):
			return nil
		}
		found = append(found, path)
		return fs.SkipDir
	})
	if err != nil {
		return "", fmt.Errorf("look for the container: %w", err)
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("no container whose id begins with %q has a cgroup below %s", id, root)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%d containers have an id that begins with %q (%s, %s): give more of it",
		len(found), id, filepath.Base(found[0]), filepath.Base(found[1]))
}

// isContainer says whether a cgroup of that name is a container's. What
// watches over a container (conmon) has a cgroup of its own.
func isContainer(name, id string) bool {
	name = strings.TrimSuffix(name, ".scope")
	if isMonitor(name) {
		return false
	}
	for {
		if strings.HasPrefix(name, id) {
			return true
		}
		var more bool
		if _, name, more = strings.Cut(name, "-"); !more {
			return false
		}
	}
}
