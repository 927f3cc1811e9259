package controller

import (
	"path/filepath"
	"slices"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

// tolerated are the refusals in spite of which the command succeeded with the
// best set, the decisive ones first.
func (f *finder) tolerated() []trace.Check {
	n := f.latest(f.best)
	if !f.found || n == 0 || !f.runs[n-1].Success {
		return nil
	}
	var list []trace.Check
	for _, c := range refusals(f.runs[n-1]) {
		if plausible(c) && !slices.ContainsFunc(list, func(other trace.Check) bool { return sameRefusal(c, other) }) {
			list = append(list, c)
		}
	}
	return list
}

// sameRefusal says whether two refusals look the same to a reader.
func sameRefusal(a, b trace.Check) bool {
	return a.Cap == b.Cap && a.Process.Comm == b.Process.Comm && a.Process.Exe == b.Process.Exe &&
		a.Syscall == b.Syscall && a.Return == b.Return && a.Function == b.Function
}

// WentOnWithout are the refusals that had an effect, in spite of which the
// command succeeded: of those in one call the least powerful. Where a shell
// looked for its commands is left out.
func (r Result) WentOnWithout() []trace.Check {
	var list []trace.Check
	for _, c := range r.Tolerated {
		alternative := slices.ContainsFunc(list, func(other trace.Check) bool {
			return c.Call != 0 && c.Call == other.Call && c.Process.PID == other.Process.PID
		})
		unwanted := slices.ContainsFunc(r.MustNot, func(e Exclusion) bool { return e.Cap == c.Cap })
		if c.Decisive() && !pathSearch(c) && !alternative && !unwanted {
			list = append(list, c)
		}
	}
	return list
}

// lacking are the required capabilities whose refusal a survived.
func lacking(a Attempt, require caps.Set) caps.Set {
	var s caps.Set
	for _, c := range refusals(a) {
		if c.Decisive() && require.Has(c.Cap) && !pathSearch(c) {
			s = s.With(c.Cap)
		}
	}
	return s
}

// pathSearch says whether it was a shell that looked for a file, as it does in
// the directories of PATH, some of which it may not enter.
func pathSearch(c trace.Check) bool {
	switch filepath.Base(c.Process.Exe) {
	case "sh", "ash", "bash", "busybox", "dash", "ksh", "mksh", "zsh":
		return looksUp(c.Syscall)
	}
	return false
}

// looksUp says whether a system call looks for a file, and does no more.
func looksUp(syscall string) bool {
	switch syscall {
	case "stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "execve", "execveat":
		return true
	}
	return false
}
