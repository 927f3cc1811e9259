package discover

import (
	"errors"
	"fmt"
	"os"

	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/caps/sandbox/guard"
	"github.com/capmon/capmon/trace/backend"
	"github.com/capmon/capmon/trace/follow"
)

// ErrNotRoot is the error of Open in a process that is not root's. To run a
// command of the caller's choosing with capabilities is as good as being root.
var ErrNotRoot = errors.New("discovering grants capabilities, which takes root")

// Discoverer makes one discovery after the other, with one tracer and one
// keeper (see package launch) for all.
type Discoverer struct {
	settings  settings
	keeper    *launch.Keeper
	sandboxes *launch.Sandboxes // nil: attempts are made on the machine itself
	guard     *guard.Guard      // nil: devices are guarded by mounts alone
	tracer    *follow.Tracer    // nil: nothing is traced
}

// Open prepares for discoveries: it starts the keeper and loads the tracer.
//
// A command inherits which signals are ignored from the time of Open. So call
// it before signal.Notify, where that matters, as under nohup(1).
func Open(options ...Option) (*Discoverer, error) {
	if os.Getuid() != 0 || os.Geteuid() != 0 {
		return nil, ErrNotRoot
	}
	s, err := newSettings(options)
	if err != nil {
		return nil, err
	}
	d := &Discoverer{settings: s}
	if err := d.open(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// sandboxFiles is how many open files a sandbox takes, and some to spare.
const sandboxFiles = 32

// open loads what traces while the keeper starts, for both take their time.
func (d *Discoverer) open() (err error) {
	if d.settings.backend != NoBackend && d.settings.sandbox != nil {
		if err := backend.EnoughFiles(sandboxFiles * max(1, d.settings.search.Jobs)); err != nil {
			return err
		}
	}
	// What a sandbox inherits is noted before eBPF raises a limit.
	if d.settings.sandbox != nil {
		if d.sandboxes, err = launch.NewSandboxes(*d.settings.sandbox); err != nil {
			return err
		}
	}
	var loadErr error
	if d.keeper, err = launch.StartKeeper(func() { loadErr = d.load() }); err != nil {
		return err
	}
	return loadErr
}

// load loads the guard of the sandboxes and the tracer.
func (d *Discoverer) load() (err error) {
	if d.sandboxes != nil {
		d.loadGuard(d.settings.sandbox.Devices)
	}
	if d.settings.backend != NoBackend {
		d.tracer, err = follow.OpenWith(d.settings.types, d.settings.backend)
	}
	return err
}

func (d *Discoverer) loadGuard(devices []string) {
	var err error
	if d.guard, err = guard.Open(d.settings.types, devices); err != nil {
		d.settings.warn(fmt.Errorf("%w: a command with CAP_SYS_ADMIN can open the machine's devices in its sandbox", err))
		return
	}
	d.sandboxes.GuardBy(d.guard)
}

// Close ends what a discovery may have left, and unloads the tracer.
func (d *Discoverer) Close() error {
	var errs []error
	if d.tracer != nil {
		errs = append(errs, d.tracer.Close())
	}
	if d.guard != nil {
		errs = append(errs, d.guard.Close())
	}
	if d.keeper != nil {
		errs = append(errs, d.keeper.Close())
	}
	return errors.Join(errs...)
}

// Backend is the name of the tracer's backend, NoBackend without one.
func (d *Discoverer) Backend() string {
	if d.tracer == nil {
		return NoBackend
	}
	return d.tracer.Backend()
}
