package main

import (
	"os"

	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// requireRoot refuses to hand out capabilities to anyone but the real root:
// to run a command of the caller's choosing with them is as good as being
// root. A set-user-ID bit or file capabilities on capmon change the effective
// user or the capabilities, and never the real user.
func requireRoot(what string) error {
	if os.Getuid() == 0 && os.Geteuid() == 0 {
		return nil
	}
	if os.Geteuid() == 0 || holdsCapabilities() {
		return usagef("%s grants capabilities to a command of the caller's choosing, so capmon must be run by root itself, not through a set-user-ID bit or file capabilities: use sudo", what)
	}
	return usagef("%s must be run by root: use sudo", what)
}

func holdsCapabilities() bool {
	empty, err := cap.GetProc().Cf(cap.NewSet())
	return err != nil || empty != 0
}

// dropElevation gives up what a set-user-ID bit or file capabilities lent, for
// work that any user may do.
func dropElevation() error {
	if os.Getuid() == 0 {
		return nil
	}
	if os.Geteuid() != os.Getuid() {
		return usagef("capmon must not be set-user-ID: remove the bit with chmod u-s")
	}
	return cap.NewSet().SetProc()
}
