package controller

import (
	"errors"
	"slices"
	"strings"

	"github.com/capmon/capmon/trace"
)

// Advice is what may lead further than a discovery got. Each caller words it
// by its own options.
type Advice string

// The advice there is.
const (
	// MoreRuns: allow for more attempts.
	MoreRuns Advice = "more runs"
	// CleanUp: undo after every attempt what it leaves behind.
	CleanUp Advice = "clean up"
	// UseSandbox: make each attempt in a sandbox of its own.
	UseSandbox Advice = "use a sandbox"
	// LetDeviceIn: let the device into the sandbox that was missed there.
	LetDeviceIn Advice = "let a device in"
	// UseOwnNetwork: make each attempt in a sandbox with a network of its own,
	// since it is the network's objects that an attempt leaves behind.
	UseOwnNetwork Advice = "use a sandbox with its own network"
)

// advice is what may help against err, which ended the search, or against what
// left it without a proof.
func (f *finder) advice(err error) []Advice {
	switch {
	case f.verdict() == Minimal:
		return nil
	case f.foundNothing(err) && f.runs[len(f.runs)-1].missesDevice():
		return []Advice{LetDeviceIn}
	case f.opts.Sandboxed && (f.onlyOnce() || f.foundNothing(err)):
		// What an attempt leaves behind is gone with its sandbox, but for
		// what it left in the machine's network.
		return f.isolation()
	case f.onlyOnce() || f.foundNothing(err) && f.leftSomething():
		return append([]Advice{CleanUp}, f.isolation()...)
	case errors.Is(err, errExhausted):
		return []Advice{MoreRuns}
	}
	return nil
}

// isolation is the sandbox that would hide from an attempt what another left
// behind.
func (f *finder) isolation() []Advice {
	network := false
	for _, a := range f.runs {
		network = network || ownsNetwork(a)
	}
	switch {
	case network && !f.opts.OwnNetwork:
		return []Advice{UseOwnNetwork}
	case network || f.opts.Sandboxed:
		return nil
	}
	return []Advice{UseSandbox}
}

// ownsNetwork says whether a failed because what it had to make was already in
// the network.
func ownsNetwork(a Attempt) bool {
	if a.Success || !leftover.MatchString(a.Output) {
		return false
	}
	return slices.ContainsFunc(a.Checks, trace.Check.InNetlink) || strings.Contains(a.Output, "RTNETLINK")
}

// onlyOnce says whether the command succeeded under a set, and failed under
// the same when it was repeated.
func (f *finder) onlyOnce() bool {
	if f.conflict == nil || f.succeedsSometimes() {
		return false
	}
	earlier, later := f.runs[f.conflict.earlier-1], f.runs[f.conflict.later-1]
	return earlier.Granted == later.Granted && earlier.Success
}

// byChance says whether the command failed under a set, and succeeded under the
// same when it was repeated; or the other way round, and what it says is of
// nothing that an attempt left behind.
func (f *finder) byChance() bool {
	if f.conflict == nil {
		return false
	}
	earlier, later := f.runs[f.conflict.earlier-1], f.runs[f.conflict.later-1]
	return earlier.Granted == later.Granted && later.Success
}

// succeedsSometimes says whether repeats under the same set did not agree.
func (f *finder) succeedsSometimes() bool {
	return f.confirmed.Succeeded > 0 && f.confirmed.Succeeded < f.confirmed.Runs
}

// foundNothing says whether the whole search was made, to no avail.
func (f *finder) foundNothing(err error) bool {
	return err == nil && !f.found && len(f.runs) > 0
}
