package follow

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/backend"
)

// Probe is what became of one backend when it was put to the test.
type Probe struct {
	Backend string
	// Loaded, Attached and Saw are how far it came; Err says why no further.
	Loaded, Attached, Saw bool
	Err                   error
	// Check is what it saw.
	Check trace.Check
}

// ErrUnseen says that a backend did not see a check that was made.
var ErrUnseen = errors.New("a capability check that was made is not seen")

// ProbeBackend loads the backend of that name, attaches it, and looks whether
// it sees a check that this process has the kernel make.
func ProbeBackend(name string) Probe {
	p := Probe{Backend: name}
	b, err := backend.Find(name)
	if err != nil {
		p.Err = err
		return p
	}
	p.Err = p.run(b)
	return p
}

func (p *Probe) run(b backend.Backend) error {
	spec, err := commandSpec()
	if err != nil {
		return err
	}
	tracer, err := load(bpf.ReadTypes(), b, spec)
	if err != nil {
		return err
	}
	defer tracer.Close()
	p.Loaded = true
	if err := tracer.attach(); err != nil {
		return err
	}
	p.Attached = true
	p.Check, err = tracer.probe()
	p.Saw = err == nil
	return err
}

// probed is a path through a directory that only root may search, on every
// Linux (fs/proc/proc_tty.c). To search it as another takes a capability.
const probedDir, probed = "/proc/tty/driver", "/proc/tty/driver/capmon"

// probe has a child execute what it may not reach, and returns the check that
// the kernel made then, as it was seen. Nothing is executed.
func (t *Tracer) probe() (trace.Check, error) {
	if _, err := os.Stat(probedDir); err != nil {
		return trace.Check{}, fmt.Errorf("find something to test with: %w", err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	recording, err := t.Arm(unix.Gettid())
	if err != nil {
		return trace.Check{}, err
	}
	// Without root's user the kernel refuses, and that is what a backend is
	// to see. Who may not change the user has it refused anyway, or passed.
	result := execProbed(&syscall.Credential{Uid: overflowID, Gid: overflowID, NoSetGroups: true})
	if result != unix.EACCES {
		result = execProbed(nil)
	}
	if err := recording.Disarm(); err != nil {
		return trace.Check{}, err
	}
	seen, err := recording.Collect()
	if err != nil {
		return trace.Check{}, err
	}
	return probedCheck(seen.Checks, result)
}

// overflowID is nobody's (DEFAULT_OVERFLOWUID in linux/highuid.h).
const overflowID = 65534

// execProbed returns the error with which the kernel refuses.
func execProbed(as *syscall.Credential) error {
	pid, err := syscall.ForkExec(probed, []string{probed}, &syscall.ProcAttr{
		Sys: &syscall.SysProcAttr{Credential: as},
	})
	if err == nil {
		// There is no such file.
		_, _ = syscall.Wait4(pid, nil, 0, nil)
	}
	return err
}

// probedCheck picks from what was seen the check for that system call.
func probedCheck(seen []trace.Check, result error) (trace.Check, error) {
	for _, c := range seen {
		if c.Cap != caps.DACReadSearch || c.Syscall != "execve" {
			continue
		}
		if c.Verdict == trace.Pass || c.Errno() == result {
			return c, nil
		}
	}
	return trace.Check{}, ErrUnseen
}
