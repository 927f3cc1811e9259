package controller

import (
	"context"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

// Exclusion is a capability that must not be granted beside the set.
type Exclusion struct {
	Cap caps.Cap `json:"capability"`
	// FailedWith is the number, from 1, of the attempt that failed with the
	// set and this capability.
	FailedWith int `json:"failed_with"`
}

// lessThanEverything is for a command that fails for having too much: mount(8)
// as an ordinary user goes no further when it could become root. What made it
// fail is likely among what the process that failed made use of, and likelier
// yet something by which it could change its identity.
func (f *finder) lessThanEverything(ctx context.Context) (bool, error) {
	failed := f.runs[len(f.runs)-1]
	if explained(failed) {
		return false, nil
	}
	for _, set := range tooMuch(failed) {
		f.without = set & f.opts.Grantable
		ok, err := f.everything(ctx)
		if err != nil || ok {
			return ok, err
		}
	}
	f.without = 0
	return false, nil
}

// tooMuch returns what to leave out in turn, after an attempt that failed with
// everything.
func tooMuch(a Attempt) []caps.Set {
	identities := caps.NewSet(caps.SetUID, caps.SetGID, caps.SetPCap)
	if len(a.Checks) == 0 {
		return []caps.Set{identities} // untraced: even true(1) is asked for some
	}
	var used caps.Set
	for _, c := range a.Checks {
		own := a.Failed != nil && c.Process.PID == a.Failed.PID && c.Process.Exe == a.Failed.Exe
		if own && useful(c) {
			used = used.With(c.Cap)
		}
	}
	var sets []caps.Set
	identity := used & identities
	for _, set := range []caps.Set{identity, used} {
		if set != 0 && (len(sets) == 0 || sets[0] != set) {
			sets = append(sets, set)
		}
	}
	return sets
}

// useful says whether a capability was asked for and held, and the system call
// succeeded. On an overlay the credentials of its mounter are checked as well,
// which says nothing about the command.
func useful(c trace.Check) bool {
	return c.Verdict == trace.Pass && c.InitialNS && c.OwnCreds && !noise(c) && c.Errno() == 0
}

// exclude tries the best set with each of the capabilities that were left out,
// twice where it fails.
func (f *finder) exclude(ctx context.Context) error {
	f.excluded = f.without == 0
	if f.excluded {
		return nil
	}
	var harmful caps.Set
	for _, c := range strongestFirst(f.without) {
		ok, err := f.attempt(ctx, f.best.With(c))
		if err == nil && !ok {
			ok, err = f.attempt(ctx, f.best.With(c))
		}
		if err != nil {
			return err
		}
		if !ok {
			harmful = harmful.With(c)
			f.mustNot = append(f.mustNot, Exclusion{Cap: c, FailedWith: len(f.runs)})
		}
	}
	f.excluded = true
	return f.blameExcluded(harmful)
}

// blameExcluded wants that every failure with more than what succeeded is
// explained by a capability that must not be granted.
func (f *finder) blameExcluded(harmful caps.Set) error {
	was := f.without
	defer func() { f.without = was }()
	f.without = harmful
	for i, a := range f.runs {
		for j, b := range f.runs[:i] {
			if f.has(a) && f.has(b) && contradict(a, b) {
				f.conflict = &conflict{j + 1, i + 1}
				return errConflict
			}
		}
	}
	return nil
}
