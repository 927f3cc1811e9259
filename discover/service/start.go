package service

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/unit"
)

// poll is the time between two looks at what gives no sign.
const poll = 20 * time.Millisecond

// Start starts the service, and returns when it has started by its Type=. Each
// part may take as long as limit, the unit's own TimeoutStartSec= notwithstanding.
func (i *ownRun) Start(ctx context.Context, limit time.Duration) (*Failure, error) {
	for _, part := range []struct {
		option   string
		commands []unit.Command
	}{{"ExecCondition", i.unit.Condition}, {"ExecStartPre", i.unit.StartPre}} {
		if failed, err := i.runAll(ctx, part.option, part.commands, false, limit); failed != nil || err != nil {
			return failed, err
		}
	}
	if i.unit.Type == "oneshot" {
		failed, err := i.startOneshot(ctx, limit)
		if failed != nil || err != nil {
			return failed, err
		}
	} else if failed, err := i.startMain(ctx, limit); failed != nil || err != nil {
		return failed, err
	}
	return i.runAll(ctx, "ExecStartPost", i.unit.StartPost, true, limit)
}

func (i *ownRun) startOneshot(ctx context.Context, limit time.Duration) (*Failure, error) {
	for _, c := range i.unit.Start {
		failed, err := i.run(ctx, job{option: "ExecStart", command: c, sockets: i.sockets}, limit)
		if failed != nil && i.good(failed.Exit) {
			failed = nil
		}
		if failed != nil || err != nil {
			return failed, err
		}
	}
	return nil, nil
}

// startMain starts the main process and waits until it counts as started.
func (i *ownRun) startMain(ctx context.Context, limit time.Duration) (*Failure, error) {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	j := job{option: "ExecStart", command: i.unit.Start[0], sockets: i.sockets}
	main, err := i.launch(within, j)
	if err != nil {
		if ctx.Err() == nil && within.Err() != nil {
			return failure(124, "%s: not started after %v", j, limit), nil
		}
		return nil, err
	}
	i.main = main
	i.mu.Lock()
	if i.unit.Type != "forking" {
		i.mainPID = main.PID
	}
	i.mu.Unlock()
	go i.watch()
	failed, err := i.awaitStarted(within)
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		return failure(124, "%s after %v", i.notStarted(), limit), nil
	}
	return failed, err
}

// awaitStarted waits by the Type= ("Options" in systemd.service(5)).
func (i *ownRun) awaitStarted(ctx context.Context) (*Failure, error) {
	switch i.unit.Type {
	case "forking":
		return i.awaitForked(ctx)
	case "notify", "notify-reload":
		return i.awaitReady(ctx, i.ready)
	}
	// The other types count as started at once, or when a name is on the bus:
	// what they do first is watched until they are idle.
	return i.awaitIdle(ctx)
}

func (i *ownRun) awaitIdle(ctx context.Context) (*Failure, error) {
	idle, err := awaitIdle(ctx, i.running.Done(), i.pids)
	if idle || err != nil {
		return nil, err
	}
	return i.ended(" before it was idle"), nil
}

// pids are the processes of the service, by their ids as capmon knows them.
func (i *ownRun) pids() []int {
	left, err := i.world.Keeper.Leftovers()
	if err != nil {
		return nil
	}
	var pids []int
	for _, p := range left {
		pids = append(pids, p.PID)
	}
	return pids
}

// notStarted says what did not happen.
func (i *ownRun) notStarted() string {
	switch i.unit.Type {
	case "forking":
		if i.main != nil && i.unit.PIDFile != "" {
			return "not started, by PIDFile=" + i.unit.PIDFile + ","
		}
		return "not started: the first process did not end"
	case "notify", "notify-reload":
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.status != "" {
			return fmt.Sprintf("not ready (no READY=1; status %q)", i.status)
		}
		return "not ready (no READY=1)"
	}
	return "not started"
}

// ended is the failure of a service that is over.
func (i *ownRun) ended(when string) *Failure {
	over := i.Over()
	over.Outcome += when
	return over
}

func (i *ownRun) awaitReady(ctx context.Context, ready <-chan struct{}) (*Failure, error) {
	select {
	case <-ready:
		return nil, nil
	case <-i.running.Done():
		return i.ended(" before it was ready"), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// awaitForked waits for the end of the first process, which leaves the main
// process behind.
func (i *ownRun) awaitForked(ctx context.Context) (*Failure, error) {
	exit, err := i.main.Wait(ctx)
	if err != nil {
		return nil, err
	}
	if !exit.Status.Exited() || !i.good(exit.Code()) {
		return &Failure{describeExit(exit), exit.Code()}, nil
	}
	for {
		if pid := i.findMain(); pid != 0 {
			i.mu.Lock()
			i.mainPID = pid
			i.mu.Unlock()
			return nil, nil
		}
		select {
		case <-i.running.Done():
			return i.ended(" and no process was left"), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(poll):
		}
	}
}

// findMain is the main process of a forking service: by its PIDFile=, or the
// one that is left of it.
func (i *ownRun) findMain() int {
	if i.unit.PIDFile != "" {
		text, err := os.ReadFile(i.world.Root + i.unit.PIDFile)
		if err != nil {
			return 0
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil || !i.runs(pid) {
			return 0
		}
		return pid
	}
	left, err := i.world.Keeper.Leftovers()
	if err != nil || len(left) == 0 {
		return 0
	}
	return innerPID(left[0].PID)
}

// runs says whether a process of the service has this id.
func (i *ownRun) runs(pid int) bool {
	left, err := i.world.Keeper.Leftovers()
	if err != nil {
		return false
	}
	for _, p := range left {
		if innerPID(p.PID) == pid {
			return true
		}
	}
	return false
}

// good says whether an exit status is a success (SuccessExitStatus=).
func (i *ownRun) good(status int) bool {
	if status == 0 {
		return true
	}
	for _, s := range i.unit.SuccessStatus {
		if s == status {
			return true
		}
	}
	return false
}

// endedWell says whether the main process ended as it should.
func (i *ownRun) endedWell(exit launch.Exit) bool {
	if !exit.Status.Signaled() {
		return i.good(exit.Code())
	}
	return i.cleanSignal(exit.Status.Signal())
}
