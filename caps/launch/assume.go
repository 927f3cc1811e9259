package launch

import (
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capmon/capmon/caps"
)

// Grantable is what this process can give to a command: what it is permitted
// and what its bounding set lets be inherited (capabilities(7)).
func Grantable() caps.Set {
	held := cap.GetProc()
	var s caps.Set
	for c := cap.Value(0); c < cap.MaxBits(); c++ {
		permitted, err := held.GetFlag(cap.Permitted, c)
		if err != nil || !permitted {
			continue
		}
		if bound, err := cap.GetBound(c); err == nil && bound {
			s = s.With(caps.Cap(c))
		}
	}
	return s
}

// assume gives the calling thread the identity and the capabilities that the
// command is to have. The thread must be one of libcap's Launcher, for which
// libcap changes nothing but the thread.
func (s wireSpec) assume() error {
	if s.SetGrant {
		if missing := s.Grant.Minus(Grantable()); missing != 0 {
			return &UngrantableError{Caps: missing}
		}
	}
	if s.NoNewPrivs {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return &SetupError{Step: "set no_new_privs", Err: err}
		}
	}
	if err := s.guardTerminal(); err != nil {
		return err
	}
	if s.SetID {
		if err := s.assumeIdentity(); err != nil {
			return err
		}
	}
	switch {
	case s.SetGrant:
		if err := assumeGrant(s.Grant); err != nil {
			return err
		}
	case s.SetID && unix.Getuid() != 0:
		if err := cap.NewSet().SetProc(); err != nil {
			return &SetupError{Step: "drop capabilities", Err: err}
		}
	}
	return nil
}

// assumeIdentity changes groups and user, and keeps the capabilities. What is
// already right is left alone, so that a caller without privileges can ask for
// its own identity.
func (s wireSpec) assumeIdentity() error {
	before := cap.GetProc()
	same, err := s.hasGroups()
	if err != nil {
		return err
	}
	if !same {
		groups := make([]int, len(s.Groups))
		for i, g := range s.Groups {
			groups[i] = int(g)
		}
		if err := cap.SetGroups(int(s.GID), groups...); err != nil {
			return &SetupError{Step: fmt.Sprintf("change group to %d", s.GID), Err: err}
		}
	}
	if !s.hasUser() || s.OwnKeyring {
		// Where there are no keyrings, or none may be used, nothing is kept.
		if _, err := unix.KeyctlInt(unix.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0); err != nil && err != unix.ENOSYS && err != unix.EPERM {
			return &SetupError{Step: "leave session keyring", Err: err}
		}
	}
	if !s.hasUser() {
		if err := cap.SetUID(int(s.UID)); err != nil {
			return &SetupError{Step: fmt.Sprintf("change user to %d", s.UID), Err: err}
		}
	}
	// libcap leaves the effective set empty.
	if err := before.SetProc(); err != nil {
		return &SetupError{Step: "keep capabilities", Err: err}
	}
	return nil
}

func (s wireSpec) hasUser() bool {
	r, e, saved := unix.Getresuid()
	return r == int(s.UID) && e == r && saved == r
}

func (s wireSpec) hasGroups() (bool, error) {
	r, e, saved := unix.Getresgid()
	if r != int(s.GID) || e != r || saved != r {
		return false, nil
	}
	groups, err := unix.Getgroups()
	if err != nil {
		return false, &SetupError{Step: "read groups", Err: err}
	}
	want := make([]int, len(s.Groups))
	for i, g := range s.Groups {
		want[i] = int(g)
	}
	slices.Sort(groups)
	slices.Sort(want)
	return slices.Equal(groups, want), nil
}

// assumeGrant makes grant the thread's inheritable, ambient, permitted and
// effective set, and the bounding set if it may be changed. The permitted set
// comes last: each step before needs capabilities outside of the grant.
// What was raised as ambient stays, being permitted and inheritable.
func assumeGrant(grant caps.Set) error {
	all := cap.GetProc()
	if err := all.Fill(cap.Effective, cap.Permitted); err != nil {
		return &SetupError{Step: "raise capabilities", Err: err}
	}
	if err := all.SetProc(); err != nil {
		return &SetupError{Step: "raise capabilities", Err: err}
	}
	if unix.Getuid() == 0 {
		if err := stripRoot(); err != nil {
			return err
		}
	}
	mayDrop, err := all.GetFlag(cap.Permitted, cap.SETPCAP)
	if err != nil {
		return &SetupError{Step: "read capabilities", Err: err}
	}
	iab, err := grantIAB(grant, mayDrop)
	if err != nil {
		return &SetupError{Step: "compose capabilities", Err: err}
	}
	if err := iab.SetProc(); err != nil {
		return &SetupError{Step: "set inheritable and ambient capabilities", Err: err}
	}
	if err := grantSet(grant).SetProc(); err != nil {
		return &SetupError{Step: "set permitted capabilities", Err: err}
	}
	return nil
}

// stripRoot takes from uid 0 what exec gives to it for being uid 0, for good.
func stripRoot() error {
	now, want := cap.GetSecbits(), cap.SecbitNoRoot|cap.SecbitNoRootLocked
	if now&want == want {
		return nil
	}
	if err := (now | want).Set(); err != nil {
		return &SetupError{Step: "take root's privileges from uid 0", Err: err}
	}
	return nil
}

// grantIAB is the inheritable and ambient set, and with bound the bounding
// set, of a command under grant.
func grantIAB(grant caps.Set, bound bool) (*cap.IAB, error) {
	iab := cap.NewIAB()
	for c := cap.Value(0); c < cap.MaxBits(); c++ {
		vector := cap.Amb // raises inheritable as well
		if !grant.Has(caps.Cap(c)) {
			if !bound {
				continue
			}
			vector = cap.Bound // which here means: dropped
		}
		if err := iab.SetVector(vector, true, c); err != nil {
			return nil, err
		}
	}
	return iab, nil
}

// grantSet is grant as permitted, effective and inheritable set.
func grantSet(grant caps.Set) *cap.Set {
	set := cap.NewSet()
	for _, c := range grant.Members() {
		for _, flag := range []cap.Flag{cap.Permitted, cap.Effective, cap.Inheritable} {
			// This fails only for capabilities that the kernel does not know.
			// They cannot be granted.
			_ = set.SetFlag(flag, true, cap.Value(c))
		}
	}
	return set
}
