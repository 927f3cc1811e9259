package controller

import (
	"cmp"
	"slices"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

// next returns what to grant in addition after a, which failed.
//
// A decisive refusal is granted alone: the command was told no, and as a rule
// that is why it ended. The others are guesses, few of which are right, and to
// try one after the other would spend an attempt on each wrong one, for every
// command that fails for reasons of its own. So they are granted together, one
// for each system call, and the proof sorts them out, which it does at the same
// price. Noise is not granted at all: when nothing else is left, everything is
// tried next, which includes it, and answers for all of it with one attempt. A
// program that looks at its own capabilities is refused nothing; it may say what
// it wants.
func next(a Attempt, grantable caps.Set) caps.Set {
	type callID struct {
		pid  int
		call uint64
	}
	var guesses caps.Set
	guessed := map[callID]bool{}
	for _, c := range refusals(a) {
		if passedOver(a, c) {
			continue
		}
		id := callID{c.Process.PID, c.Call}
		switch {
		case !grantable.Has(c.Cap):
		case c.Decisive():
			return caps.NewSet(c.Cap)
		case plausible(c) && !guessed[id]:
			// The next in this call is an alternative, and no lesser one.
			guessed[id] = true
			guesses = guesses.With(c.Cap)
		}
	}
	if guesses == 0 {
		return named(a.Output) & grantable &^ a.Granted
	}
	return guesses
}

// refusals lists the checks of a that a greater grant might have answered
// otherwise, those that matter most first. A check against a user namespace
// that the command made itself needs no capability outside of it; one that is
// refused although it was granted is lost for other reasons (access(2) and
// overlayfs look with other credentials).
func refusals(a Attempt) []trace.Check {
	var refused []trace.Check
	for _, c := range a.Checks {
		if c.Verdict == trace.Fail && c.InitialNS && !a.Granted.Has(c.Cap) && !noise(c) && !outdone(a, c) {
			refused = append(refused, c)
		}
	}
	slices.SortStableFunc(refused, compareRefusals)
	return refused
}

// passedOver says whether a refusal cannot be why a failed: a process looked
// for a file where it may not look, as a shell does in PATH, and went on.
func passedOver(a Attempt, refused trace.Check) bool {
	if a.Failed == nil || refused.AtEnd || refused.FailedAt != 0 {
		return false
	}
	return looksUp(refused.Syscall)
}

// outdone says whether the same call then asked for a greater capability
// instead, and got it.
func outdone(a Attempt, refused trace.Check) bool {
	return refused.Call != 0 && slices.ContainsFunc(a.Checks, func(c trace.Check) bool {
		return c.Verdict == trace.Pass && c.Call == refused.Call && c.Process.PID == refused.Process.PID &&
			c.InitialNS && c.Cap.Lesser().Has(refused.Cap)
	})
}

// compareRefusals puts the refusal first that is more likely to be the one
// that mattered. A process that failed by itself, and not because
// something that it had started did, is asked first, the latest such before
// others: a script goes on after the refusals that it tolerates. Within it the
// last refused call is the likeliest, for the same reason. Refusals in one
// call are alternatives, the least powerful of which comes first. The kernel
// as a rule asks for that first (CAP_BPF, then CAP_SYS_ADMIN), but not always
// (ioprio_check_cap in block/ioprio.c).
func compareRefusals(a, b trace.Check) int {
	return cmp.Or(
		trueFirst(a.Decisive(), b.Decisive()),
		trueFirst(a.AtEnd, b.AtEnd),
		cmp.Compare(b.FailedAt, a.FailedAt),
		trueFirst(a.Audited, b.Audited),
		trueFirst(a.OwnCreds, b.OwnCreds),
		compareCalls(a, b),
		compareInCall(a, b),
		cmp.Compare(a.First, b.First),
	)
}

// compareCalls puts the later call first where a failing process made both,
// and else the earlier one.
func compareCalls(a, b trace.Check) int {
	if a.FailedAt == 0 {
		return cmp.Compare(a.Call, b.Call)
	}
	return cmp.Compare(b.Call, a.Call)
}

// compareInCall puts the less powerful of two alternatives first. A call that
// is not known (0) is none.
func compareInCall(a, b trace.Check) int {
	if a.Call == 0 || a.Call != b.Call {
		return 0
	}
	return caps.ComparePower(a.Cap, b.Cap)
}

func trueFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// plausible says whether a refusal may have mattered. Where the kernel asks
// without auditing, it asks for a preference and not for permission, unless
// the system call failed: with hidepid, /proc says ENOENT.
func plausible(c trace.Check) bool {
	return c.Decisive() || c.Audited || c.Errno() != 0
}
