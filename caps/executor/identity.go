package executor

import (
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capmon/capmon/caps"
)

// enterRoot makes RootDirectory= the root.
func (p Plan) enterRoot() error {
	if p.Root == "" {
		return nil
	}
	err := unix.Chroot(p.Root)
	if err == nil {
		err = unix.Chdir("/")
	}
	return at(exitChroot, err, "change root to %s", p.Root)
}

// bound takes from the bounding set what is not in the plan's.
func (p Plan) bound() error {
	held := cap.GetProc()
	if err := held.Fill(cap.Effective, cap.Permitted); err != nil {
		return at(exitCapabilities, err, "raise capabilities")
	}
	if err := held.ClearFlag(cap.Inheritable); err != nil {
		return at(exitCapabilities, err, "clear inheritable capabilities")
	}
	if err := held.SetProc(); err != nil {
		return at(exitCapabilities, err, "raise capabilities")
	}
	for c := cap.Value(0); c < cap.MaxBits(); c++ {
		bound, err := cap.GetBound(c)
		if err != nil || !bound || p.Bounding.Has(caps.Cap(c)) {
			continue
		}
		if err := cap.DropBound(c); err != nil {
			return at(exitCapabilities, err, "limit capabilities")
		}
	}
	return nil
}

// assume changes groups and user, and keeps the permitted capabilities.
func (p Plan) assume() error {
	if !p.SetID {
		return nil
	}
	groups := make([]int, len(p.Groups))
	for i, g := range p.Groups {
		groups[i] = int(g)
	}
	if err := cap.SetGroups(int(p.GID), groups...); err != nil {
		return at(exitGroup, err, "change group to %d", p.GID)
	}
	// KeyringMode=private of systemd.exec(5).
	if _, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0); err != nil && err != unix.ENOSYS && err != unix.EPERM {
		return at(exitUser, err, "leave session keyring")
	}
	return at(exitUser, cap.SetUID(int(p.UID)), "change user to %d", p.UID)
}

// raise sets the ambient and the inheritable set.
func (p Plan) raise() error {
	held := cap.GetProc()
	if err := held.Fill(cap.Effective, cap.Permitted); err != nil {
		return at(exitCapabilities, err, "raise capabilities")
	}
	for _, c := range p.Ambient.Members() {
		if err := held.SetFlag(cap.Inheritable, true, cap.Value(c)); err != nil {
			return at(exitCapabilities, err, "set inheritable capabilities")
		}
	}
	if err := held.SetProc(); err != nil {
		return at(exitCapabilities, err, "set inheritable capabilities")
	}
	if err := cap.ResetAmbient(); err != nil {
		return at(exitCapabilities, err, "set ambient capabilities")
	}
	for _, c := range p.Ambient.Members() {
		if err := cap.SetAmbient(true, cap.Value(c)); err != nil {
			return at(exitCapabilities, err, "set ambient capability %s", c)
		}
	}
	return nil
}

func (p Plan) changeDir() error {
	dir := p.Dir
	if dir == "" {
		dir = "/"
	}
	err := unix.Chdir(dir)
	if err == unix.ENOENT && p.DirOptional {
		err = unix.Chdir("/")
	}
	return at(exitChdir, err, "change directory to %s", dir)
}

// forgo gives up what only exec could use.
func (p Plan) forgo() error {
	if now, want := cap.GetSecbits(), cap.Secbits(p.SecureBits); now != want {
		if err := want.Set(); err != nil {
			return at(exitSecureBits, err, "set secure bits")
		}
	}
	if !p.NoNewPrivs {
		return nil
	}
	// Of all threads the one that executes counts, and exec ends the others.
	return at(exitNoNewPrivs, unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs")
}
