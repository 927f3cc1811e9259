// Package sandbox gives a process a view of the machine of its own: what it
// and its descendants write, mount and start is gone when it ends.
//
// A sandbox is a process that is the first of a new pid namespace, in new
// mount, UTS and IPC namespaces, and if asked for in a new network namespace
// (namespaces(7)). When it ends, the kernel kills all that runs in the pid
// namespace (pid_namespaces(7)), and with the last process the mounts go, and
// the memory in which everything written was kept.
//
// The user namespace stays, so the kernel checks capabilities as it does
// outside. For the same reason a sandbox guards against accidents, not
// against malice: with CAP_SYS_ADMIN, CAP_SYS_MODULE or CAP_SYS_RAWIO the
// kernel itself and its devices are within reach.
//
// A discovery is made in sandboxes by an option:
//
//	discover.Run(ctx, command, discover.WithSandbox(sandbox.Options{Net: true}))
package sandbox

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Options say how much is apart.
type Options struct {
	// Net: a network namespace of its own, in which there is only the
	// loopback interface, up.
	Net bool
	// Devices are paths of device files of the machine that are let in.
	Devices []string
	// Memory is how many bytes what is written may take; 0 is half of the
	// machine's memory.
	Memory uint64
}

// Cloneflags are the flags of clone(2) for the process that is to call Build.
func (o Options) Cloneflags() uintptr {
	flags := uintptr(unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC)
	if o.Net {
		flags |= unix.CLONE_NEWNET
	}
	return flags
}

// ReadOnly is a file system that can be written outside, and not inside.
type ReadOnly struct {
	// Path is where it is mounted.
	Path string
	// Type is what proc_pid_mountinfo(5) calls it.
	Type string
	// Reason is why it could not be overlaid.
	Reason string
}

func (r ReadOnly) String() string {
	return fmt.Sprintf("%s (%s) is read-only in the sandbox: it cannot be overlaid: %s", r.Path, r.Type, r.Reason)
}

// Build makes the view of the calling process, which must have been cloned
// with o.Cloneflags and not yet have started others. It returns what is
// read-only although it is not outside; what the kernel itself shows in /proc
// and /sys is so always, and not among it. The working directory stays the
// same by its name.
func Build(o Options) ([]ReadOnly, error) {
	// Modes are as they are given.
	defer unix.Umask(unix.Umask(0))
	dir, err := unix.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find working directory: %w", err)
	}
	v, err := newView(o)
	if err != nil {
		return nil, err
	}
	if err := v.build(); err != nil {
		return nil, err
	}
	if err := v.moveIn(); err != nil {
		return nil, err
	}
	if err := unix.Chdir(dir); err != nil {
		return nil, fmt.Errorf("change directory to %s: %w", dir, err)
	}
	if o.Net {
		if err := raiseLoopback(); err != nil {
			return nil, err
		}
	}
	return v.readOnly, nil
}
