package service

import (
	"context"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Reload makes the service read its configuration again.
func (i *ownRun) Reload(ctx context.Context, limit time.Duration) (*Failure, error) {
	ready := i.ready
	if i.unit.Type == "notify-reload" {
		i.mu.Lock()
		i.ready = make(chan struct{})
		ready = i.ready
		i.mu.Unlock()
		if err := i.signal(unix.SignalNum(i.unit.ReloadSignal), i.isMain); err != nil {
			return nil, err
		}
	}
	failed, err := i.runAll(ctx, "ExecReload", i.unit.Reload, true, limit)
	if failed != nil || err != nil {
		return failed, err
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if i.unit.Type == "notify-reload" {
		failed, err = i.awaitReady(within, ready)
	} else {
		failed, err = i.awaitIdle(within)
	}
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		return failure(124, "not ready again after %v", limit), nil
	}
	return failed, err
}

// Stop stops the service, which must end well: ExecStop=, and then the signals
// of systemd.kill(5).
func (i *ownRun) Stop(ctx context.Context, limit time.Duration) (*Failure, error) {
	i.forget(nil)
	failed, err := i.runAll(ctx, "ExecStop", i.unit.Stop, true, limit)
	if err != nil {
		return nil, err
	}
	late, err := i.stopProcesses(ctx, limit)
	if err != nil {
		return nil, err
	}
	if failed == nil {
		failed = late
	}
	after, err := i.runAll(ctx, "ExecStopPost", i.unit.StopPost, true, limit)
	if failed == nil {
		failed = after
	}
	return failed, err
}

// stopProcesses ends the processes, and says if they did not end as they
// should.
func (i *ownRun) stopProcesses(ctx context.Context, limit time.Duration) (*Failure, error) {
	if i.main == nil {
		return nil, nil // a oneshot, of which nothing runs
	}
	which := func(int) bool { return true }
	switch i.unit.KillMode {
	case "mixed", "process":
		which = i.isMain
	case "none":
		which = func(int) bool { return false }
	}
	if err := i.signal(unix.SignalNum(i.unit.KillSignal), which); err != nil {
		return nil, err
	}
	if i.unit.SendSIGHUP {
		if err := i.signal(unix.SIGHUP, which); err != nil {
			return nil, err
		}
	}
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := i.awaitGone(within); err != nil {
		if ctx.Err() != nil || within.Err() == nil {
			return nil, err
		}
		return failure(124, "it still ran after %v", limit), nil
	}
	exit, err := i.main.Wait(ctx)
	if err != nil || i.endedWell(exit) {
		return nil, err
	}
	return &Failure{describeExit(exit), exit.Code()}, nil
}

// awaitGone waits until no process is left that the manager waits for.
func (i *ownRun) awaitGone(ctx context.Context) error {
	if i.unit.KillMode == "control-group" {
		return i.world.Keeper.WaitAll(ctx)
	}
	pid := i.MainPID()
	for i.runs(pid) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(poll):
		}
	}
	return nil
}

func (i *ownRun) isMain(pid int) bool { return innerPID(pid) == i.MainPID() }

func (i *ownRun) signal(sig unix.Signal, which func(pid int) bool) error {
	return i.world.Keeper.Signal(sig, which)
}

// cleanSignal says whether a signal is a good end (SuccessExitStatus=), or is
// how the unit has the service ended.
func (i *ownRun) cleanSignal(sig syscall.Signal) bool {
	clean := []syscall.Signal{unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGPIPE}
	return slices.Contains(clean, sig) || slices.Contains(i.unit.SuccessSignals, unix.SignalName(sig))
}
