package controller

import (
	"github.com/capmon/capmon/caps"
)

// history is what the attempts so far say.
type history struct {
	runs []Attempt
	// conflict is the first pair of attempts that contradict each other.
	conflict *conflict
	space
}

// space is where the search is. What was attempted outside of it says nothing
// of what is in it.
type space struct {
	// uid0: attempts are made as uid 0.
	uid0 bool
	// without are capabilities that are not granted, since the command may
	// fail for having them.
	without caps.Set
}

// has says whether the attempt was made in s.
func (s space) has(a Attempt) bool { return a.UID0 == s.uid0 && a.Granted&s.without == 0 }

// conflict are the numbers of two attempts, from 1: the earlier one says that
// the later one cannot be.
type conflict struct{ earlier, later int }

// add appends an attempt, and says whether it agrees with those before it.
func (h *history) add(a Attempt) bool {
	h.runs = append(h.runs, a)
	consistent := true
	for i, earlier := range h.runs[:len(h.runs)-1] {
		if !h.has(a) || !h.has(earlier) || !contradict(earlier, a) {
			continue
		}
		consistent = false
		if h.conflict == nil {
			h.conflict = &conflict{i + 1, len(h.runs)}
		}
	}
	return consistent
}

// contradict says whether one of the two failed although it was granted all
// that the other succeeded with.
func contradict(a, b Attempt) bool {
	if a.Success == b.Success {
		return false
	}
	if b.Success {
		a, b = b, a
	}
	return b.Granted.Contains(a.Granted)
}

// lookup returns the number of an attempt that says whether the command
// succeeds under set, 0 if there is none. The same set says it best; else a
// set that failed fails for its subsets, and one that succeeded succeeds for
// what contains it.
func (h *history) lookup(set caps.Set) int {
	if n := h.latest(set); n != 0 {
		return n
	}
	for i, a := range h.runs {
		if !h.has(a) {
			continue
		}
		if a.Success && set.Contains(a.Granted) || !a.Success && a.Granted.Contains(set) {
			return i + 1
		}
	}
	return 0
}

// latest returns the number of the last attempt with exactly this grant, 0 if
// there is none.
func (h *history) latest(grant caps.Set) int {
	for n := len(h.runs); n > 0; n-- {
		if a := h.runs[n-1]; h.has(a) && a.Granted == grant {
			return n
		}
	}
	return 0
}

// failures are the attempts that failed.
func (h *history) failures() []Attempt {
	var failed []Attempt
	for _, a := range h.runs {
		if h.has(a) && !a.Success {
			failed = append(failed, a)
		}
	}
	return failed
}

// successes counts the attempts that succeeded.
func (h *history) successes() int {
	n := 0
	for _, a := range h.runs {
		if h.has(a) && a.Success {
			n++
		}
	}
	return n
}
