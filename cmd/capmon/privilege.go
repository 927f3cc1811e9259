package main

import (
	"errors"
	"fmt"
	"os"

	"al.essio.dev/pkg/shellescape"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capmon/capmon/cmd/capmon/exit"
)

// requireRoot refuses to hand out capabilities to anyone but the real root:
// to run a command of the caller's choosing with them is as good as being
// root. A set-user-ID bit or file capabilities on capmon change the effective
// user or the capabilities, and never the real user.
func requireRoot(what string) error {
	if os.Getuid() == 0 && os.Geteuid() == 0 {
		return nil
	}
	if holdsCapabilities() {
		return exit.Usagef("%s grants capabilities to a command of the caller's choosing, so capmon must be run by root itself, not through file capabilities: use sudo", what)
	}
	return exit.Usagef("%s must be run by root: use sudo", what)
}

func holdsCapabilities() bool {
	empty, err := cap.GetProc().Cf(cap.NewSet())
	return err != nil || empty != 0
}

// requireTracing refuses early and in one sentence what the kernel would refuse
// for each backend. what is the subject of the sentence.
func requireTracing(what string) error {
	set := cap.GetProc()
	has := func(v cap.Value) bool {
		held, err := set.GetFlag(cap.Effective, v)
		return err == nil && held
	}
	// Where root may not trace, sudo does not help; capmon doctor knows more.
	if os.Getuid() == 0 || has(cap.SYS_ADMIN) || has(cap.BPF) && has(cap.PERFMON) {
		return nil
	}
	return exit.Usagef("%s needs the capabilities CAP_BPF and CAP_PERFMON: use sudo, or give them to the capmon file: "+
		"sudo setcap cap_bpf,cap_perfmon=ep %s", what, shellescape.Quote(ownPath()))
}

// ownPath is the file that is capmon.
func ownPath() string {
	path, err := os.Executable()
	if err != nil {
		return "capmon"
	}
	return path
}

// refuseSetID refuses to run through a set-user-ID or set-group-ID bit, in
// every mode: capmon writes files that its caller names.
func refuseSetID() error {
	if os.Getuid() != os.Geteuid() || os.Getgid() != os.Getegid() {
		return exit.Usagef("capmon must not be run through a set-user-ID or set-group-ID bit: remove it with chmod ug-s, and use sudo")
	}
	return nil
}

// Of the capabilities that came from the capmon file, those with which
// eBPF programs are loaded on all kernels, and those with which what they saw
// is read: CAP_SYS_ADMIN is for kernels and files without the two newer ones.
var (
	toLoad = []cap.Value{cap.BPF, cap.PERFMON, cap.SYS_ADMIN, cap.SYSLOG, cap.SYS_RESOURCE, cap.SYS_PTRACE}
	toRead = []cap.Value{cap.BPF, cap.PERFMON}
)

// keepLent gives up what the capmon file has lent, but for some capabilities.
// Otherwise capmon could write its caller's -o where the caller could not.
func keepLent(wanted []cap.Value) error {
	if os.Getuid() == 0 {
		return nil
	}
	held, keep := cap.GetProc(), cap.NewSet()
	for _, c := range wanted {
		has, err := held.GetFlag(cap.Permitted, c)
		if err != nil || !has {
			continue
		}
		if err := errors.Join(keep.SetFlag(cap.Permitted, true, c), keep.SetFlag(cap.Effective, true, c)); err != nil {
			return fmt.Errorf("choose capabilities: %w", err)
		}
	}
	if err := keep.SetProc(); err != nil {
		return fmt.Errorf("give up capabilities: %w", err)
	}
	return nil
}

// keepReading is keepLent once everything is loaded.
func keepReading() error {
	for _, c := range toRead {
		if has, err := cap.GetProc().GetFlag(cap.Permitted, c); err != nil || !has {
			return keepLent([]cap.Value{cap.SYS_ADMIN})
		}
	}
	return keepLent(toRead)
}

// dropElevation gives up what file capabilities lent, for work that any user
// may do.
func dropElevation() error {
	if os.Getuid() == 0 {
		return nil
	}
	return cap.NewSet().SetProc()
}
