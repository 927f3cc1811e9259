package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// managedRun is a service that systemd runs, or has run, as a copy.
type managedRun struct {
	*copied
	world  World
	dropIn string
	// cgroup is the directory of the copy's cgroup.
	cgroup string
	// stopping is closed when the service is to end, ended when it has ended
	// by itself, with the failure.
	stopping, endedItself chan struct{}
	watching              sync.WaitGroup
	failure               *Failure
	mainPID               int
}

func (c *copied) begin(world World, dropIn string) (*managedRun, error) {
	r := &managedRun{copied: c, world: world, dropIn: dropIn, stopping: make(chan struct{}), endedItself: make(chan struct{})}
	if err := os.WriteFile(c.output(), nil, 0o644); err != nil {
		return nil, fmt.Errorf("make file for the service's output: %w", err)
	}
	return r, nil
}

// Start implements Instance.
func (r *managedRun) Start(ctx context.Context, limit time.Duration) (*Failure, error) {
	if err := r.writeDropIn(ctx, r.dropIn, limit, stopLimit(r.service)); err != nil {
		return nil, err
	}
	if err := r.arm(ctx); err != nil {
		return nil, err
	}
	// systemd ends it when its time is over; what is more is for a busy machine.
	within, cancel := context.WithTimeout(ctx, limit+10*time.Second)
	defer cancel()
	if err := systemctl(within, "start", r.name); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return failureOf(ctx, r.name)
	}
	if !r.service.Runs() {
		return nil, nil
	}
	main, err := show(ctx, r.name, "MainPID", "ActiveState")
	if err != nil {
		return nil, err
	}
	r.mainPID, _ = strconv.Atoi(main["MainPID"])
	r.watching.Add(1)
	go r.watch()
	switch r.service.unit.Type {
	case "simple", "exec", "idle":
		return r.awaitIdle(ctx, limit)
	}
	return nil, nil
}

// stopLimit is how long the service may take to stop.
func stopLimit(s *Service) time.Duration {
	const most = 30 * time.Second
	if own := s.unit.TimeoutStop; own > 0 {
		return min(own, most)
	}
	return most
}

// arm has all recorded that is executed in the copy's cgroup. That is made here,
// so that it is there before the first process.
func (r *managedRun) arm(ctx context.Context) error {
	slice, err := show(ctx, r.name, "Slice")
	if err != nil {
		return err
	}
	root, err := cgroupRoot()
	if err != nil {
		return err
	}
	r.cgroup = filepath.Join(root, slicePath(slice["Slice"]), r.name)
	if err := os.MkdirAll(r.cgroup, 0o755); err != nil {
		return fmt.Errorf("make cgroup of the service: %w", err)
	}
	if r.world.Recording == nil {
		return nil
	}
	return r.world.Recording.ArmCgroup(r.cgroup)
}

// cgroupRoot is where the cgroup v2 tree is mounted, in the layouts that systemd
// knows.
func cgroupRoot() (string, error) {
	for _, dir := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		var st unix.Statfs_t
		if unix.Statfs(dir, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC {
			return dir, nil
		}
	}
	return "", errors.New("no cgroup v2 tree is mounted, by which the service's processes could be followed")
}

// slicePath is the path of a slice's cgroup: a-b.slice is in a.slice
// (systemd.slice(5)).
func slicePath(slice string) string {
	name := strings.TrimSuffix(slice, ".slice")
	if name == "" || name == "-" {
		return ""
	}
	var path string
	for i := range len(name) {
		if name[i] == '-' {
			path = filepath.Join(path, name[:i]+".slice")
		}
	}
	return filepath.Join(path, slice)
}

// pids are the processes in the cgroup and below it.
func (r *managedRun) pids() []int {
	var pids []int
	_ = filepath.WalkDir(r.cgroup, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != "cgroup.procs" {
			return nil
		}
		text, _ := os.ReadFile(path)
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
		return nil
	})
	return pids
}

// watch notes the end of the service by itself: that of its main process, or
// where none is known that no process is left.
func (r *managedRun) watch() {
	defer r.watching.Done()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for r.alive() {
		select {
		case <-r.stopping:
			return
		case <-tick.C:
		}
	}
	// systemd may be about to note it.
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		state, err := show(ctx, r.name, "ActiveState")
		if err != nil || state["ActiveState"] == "inactive" || state["ActiveState"] == "failed" {
			break
		}
		select {
		case <-r.stopping:
			return
		case <-tick.C:
		}
	}
	failed, err := failureOf(ctx, r.name)
	if err != nil {
		failed = &Failure{"ended", 1}
	}
	r.failure = failed
	close(r.endedItself)
}

func (r *managedRun) alive() bool {
	if r.mainPID == 0 {
		return len(r.pids()) > 0
	}
	return unix.Kill(r.mainPID, 0) != unix.ESRCH
}

func (r *managedRun) awaitIdle(ctx context.Context, limit time.Duration) (*Failure, error) {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	idle, err := awaitIdle(within, r.endedItself, r.pids)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err == nil && !idle:
		return &Failure{r.failure.Outcome + " before it was idle", r.failure.Exit}, nil
	}
	return nil, nil
}

// Reload implements Instance.
func (r *managedRun) Reload(ctx context.Context, limit time.Duration) (*Failure, error) {
	within, cancel := context.WithTimeout(ctx, limit+10*time.Second)
	defer cancel()
	if err := systemctl(within, "reload", r.name); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return failureOf(ctx, r.name)
	}
	return r.awaitIdle(ctx, limit)
}

// Stop implements Instance.
func (r *managedRun) Stop(ctx context.Context, _ time.Duration) (*Failure, error) {
	r.stopWatching()
	err := systemctl(ctx, "stop", r.name)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	state, shown := show(ctx, r.name, "ActiveState", "Result")
	if shown != nil {
		return nil, shown
	}
	if err == nil && state["ActiveState"] != "failed" {
		return nil, nil
	}
	return failureOf(ctx, r.name)
}

func (r *managedRun) stopWatching() {
	if !isClosed(r.stopping) {
		close(r.stopping)
	}
	r.watching.Wait()
}

// Over implements Instance.
func (r *managedRun) Over() *Failure {
	if isClosed(r.endedItself) {
		failed := *r.failure
		return &failed
	}
	return nil
}

// Ended implements Instance.
func (r *managedRun) Ended() <-chan struct{} { return r.endedItself }

// MainPID implements Instance.
func (r *managedRun) MainPID() int { return r.mainPID }

// End implements Instance.
func (r *managedRun) End(ctx context.Context) error {
	r.stopWatching()
	ctx = context.WithoutCancel(ctx)
	// It may have ended, well or not.
	_ = systemctl(ctx, "stop", r.name)
	_ = systemctl(ctx, "reset-failed", r.name)
	if r.cgroup != "" {
		_ = os.Remove(r.cgroup)
	}
	printed, err := os.Open(r.output())
	if err != nil {
		return fmt.Errorf("read the service's output: %w", err)
	}
	defer printed.Close()
	if _, err := io.Copy(r.world.Output, printed); err != nil {
		return fmt.Errorf("read the service's output: %w", err)
	}
	return nil
}
