package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/trace"
)

// startByDaemon starts a container of a daemon, which makes the process and has
// it execute in one go: it is known by its cgroup.
func (r *Run) startByDaemon(ctx context.Context) (failure string, err error) {
	if r.world.Recording != nil {
		if err := r.arm(ctx); err != nil {
			return "", err
		}
	}
	began, err := r.awaitStart(ctx)
	if err != nil || !began {
		return "", err
	}
	c, err := r.image.inspect(ctx, r.name)
	r.pid = c.State.Pid
	return "", err
}

// arm has all recorded that is executed in the container's cgroup, which is made
// here, so that it is there before the first process.
func (r *Run) arm(ctx context.Context) error {
	c, err := r.image.inspect(ctx, r.name)
	if err != nil {
		return err
	}
	var st unix.Statfs_t
	if err := unix.Statfs(cgroupRoot, &st); err != nil || st.Type != unix.CGROUP2_SUPER_MAGIC {
		return errNoCgroup2
	}
	r.cgroup = cgroupOf(c.ID, c.HostConfig.CgroupParent, r.image.host.systemd)
	if err := os.MkdirAll(r.cgroup, 0o755); err != nil {
		return fmt.Errorf("make cgroup of the container: %w", err)
	}
	return r.world.Recording.ArmCgroup(r.cgroup)
}

const cgroupRoot = "/sys/fs/cgroup"

// cgroupOf is the directory of a container's cgroup (docker's documentation,
// "Default cgroup parent"; systemd.slice(5) for a-b.slice in a.slice).
func cgroupOf(id, parent string, systemd bool) string {
	if !systemd {
		if parent == "" {
			parent = "/docker"
		}
		return filepath.Join(cgroupRoot, parent, id)
	}
	if parent == "" {
		parent = "system.slice"
	}
	dir, name := cgroupRoot, strings.TrimSuffix(parent, ".slice")
	for at := range len(name) {
		if name[at] == '-' {
			dir = filepath.Join(dir, name[:at]+".slice")
		}
	}
	return filepath.Join(dir, parent, "docker-"+id+".scope")
}

func (r *Run) removeCgroup() error {
	if r.cgroup == "" {
		return nil
	}
	if err := os.Remove(r.cgroup); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove cgroup of the container: %w", err)
	}
	return nil
}

// awaitStart starts the container, and waits until the daemon says that it has;
// false if the client ended before.
func (r *Run) awaitStart(ctx context.Context) (bool, error) {
	listening, cancel := context.WithCancel(ctx)
	// What happens before the daemon listens, it tells as well.
	since := strconv.FormatInt(time.Now().Unix(), 10)
	events := r.image.client.command(listening, "events", "--since", since, "--filter", "container="+r.name, "--filter", "event=start", "--format", "{{.Status}}")
	out, err := events.StdoutPipe()
	if err == nil {
		err = events.Start()
	}
	if err != nil {
		cancel()
		return false, fmt.Errorf("wait for the container: %w", err)
	}
	started := make(chan bool, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		started <- strings.TrimSpace(line) == "start"
	}()
	defer func() {
		cancel()
		// It was killed.
		_ = events.Wait()
	}()
	if err := r.attach(ctx); err != nil {
		return false, err
	}
	select {
	case began := <-started:
		return began, nil
	case <-r.over:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// Only leaves of what was seen in the cgroup what is the container's own: not the
// runtime, which enters it before it executes the command, and not what was
// executed in it from outside.
func (r *Run) Only(seen trace.Trace) trace.Trace {
	if r.cgroup == "" {
		return seen
	}
	kept := trace.Trace{Lost: seen.Lost, Folded: seen.Folded}
	// top is where the way up from an image meets the runtime's, or ends: -1 for
	// those of the runtime. index is where it is kept.
	top, index := make([]int, len(seen.Images)), make([]int, len(seen.Images))
	for at, image := range seen.Images {
		top[at], index[at] = at, -1
		switch p := image.Parent; {
		case p >= 0 && top[p] >= 0:
			top[at] = top[p]
		case isRuntime(image.Exe):
			top[at] = -1
			continue
		}
		// The first process of a container that ended at once is not known, and
		// nothing else had the time to enter it.
		if r.pid != 0 && seen.Images[top[at]].PID != r.pid {
			continue
		}
		index[at] = len(kept.Images)
		if image.Parent >= 0 {
			image.Parent = index[image.Parent]
		}
		kept.Images = append(kept.Images, image)
	}
	for _, check := range seen.Checks {
		if check.Image >= 0 {
			if index[check.Image] < 0 {
				continue
			}
			check.Image = index[check.Image]
		}
		kept.Checks = append(kept.Checks, check)
	}
	return kept
}

// isRuntime says whether an executable is a runtime's. runc executes a copy of
// itself in memory (libcontainer/nsenter/cloned_binary.c).
func isRuntime(exe string) bool {
	return strings.HasPrefix(exe, "/memfd:runc") || strings.Contains(exe, "runc_cloned:") || filepath.Base(exe) == "runc"
}
