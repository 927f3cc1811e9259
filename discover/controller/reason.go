package controller

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

// whyUnproven says in a sentence why a set that suffices is not called
// minimal. err is what ended the search, if anything did.
func (f *finder) whyUnproven(err error) string {
	switch {
	case f.conflict != nil:
		return f.whyInconsistent()
	case errors.Is(err, errInterrupted):
		return "interrupted before it was shown that all of it is needed"
	case errors.Is(err, errExhausted):
		return fmt.Sprintf("stopped after %s, before it was shown that all of it is needed", attempts(len(f.runs)))
	}
	return fmt.Sprintf("stopped before it was shown that all of it is needed: %v", err)
}

// whyInconsistent explains the attempts that contradict each other.
func (f *finder) whyInconsistent() string {
	earlier, later := f.runs[f.conflict.earlier-1], f.runs[f.conflict.later-1]
	again := f.confirmed
	switch {
	case f.succeedsSometimes():
		return fmt.Sprintf("the command succeeds only sometimes: repeated %s with %s, it succeeded %s",
			times(again.Runs), describe(f.best), times(again.Succeeded))
	case f.byChance():
		return fmt.Sprintf("the command succeeds only sometimes: with %s it %s (attempt %d) and %s (attempt %d)",
			describe(later.Granted), ended(earlier), f.conflict.earlier, ended(later), f.conflict.later)
	case f.onlyOnce():
		return fmt.Sprintf("the command succeeded with %s (attempt %d), and failed with the same when it was repeated (attempt %d, %s): "+
			"so its failures prove nothing, unless what an attempt leaves behind is in the way of the next",
			describe(earlier.Granted), f.conflict.earlier, f.conflict.later, later.Outcome)
	}
	reason := fmt.Sprintf("the command %s with %s (attempt %d) and %s with %s (attempt %d): either it succeeds only sometimes, or it needs more when it may do more",
		ended(earlier), describe(earlier.Granted), f.conflict.earlier, ended(later), describe(later.Granted), f.conflict.later)
	if again.Runs > 0 {
		reason += fmt.Sprintf("; repeated %s with %s, it succeeded %s", times(again.Runs), describe(f.best), times(again.Succeeded))
	}
	return reason
}

// whyNotFound says in a sentence why there is no set.
func (f *finder) whyNotFound(err error) string {
	switch {
	case errors.Is(err, errInterrupted):
		return "interrupted before a set was found" + f.refusedSoFar()
	case errors.Is(err, errExhausted):
		return fmt.Sprintf("no set was found in %s%s", attempts(len(f.runs)), f.refusedSoFar())
	case err != nil:
		return fmt.Sprintf("stopped before a set was found: %v", err)
	}
	last := lastAsUser(f.runs)
	if hindered := last.hindered(); hindered != "" {
		return "no set of capabilities makes the command succeed in a sandbox: " + hindered
	}
	if needed := f.unheld(last, fatal); needed != nil {
		return fmt.Sprintf("needs %s, which capmon does not hold (%s)", capsOf(needed), places(needed))
	}
	reason := fmt.Sprintf("no set of capabilities makes the command succeed: it fails even with every capability that capmon holds (%s)", lastWord(last))
	if f.uid0 {
		reason += ", and as uid 0 as well"
	}
	if how := lastError(last); how != "" {
		reason += "; " + how
	}
	if perhaps := f.unheld(last, func(_ Attempt, c trace.Check) bool { return plausible(c) }); perhaps != nil {
		reason += fmt.Sprintf("; %s, which capmon does not hold, was refused (%s) and may or may not matter", capsOf(perhaps), places(perhaps))
	}
	if f.leftSomething() {
		reason += "; the first attempt failed otherwise: what an attempt leaves behind may be in the way of the next"
	}
	return reason
}

// lastWord says how an attempt ended, with the last line that the command
// printed.
func lastWord(a Attempt) string {
	const most = 200
	lines := strings.Split(strings.TrimSpace(a.Output), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if last == "" {
		return a.Outcome
	}
	if len(last) > most {
		last = strings.ToValidUTF8(last[:most], "") + "..."
	}
	return a.Outcome + ": " + last
}

// lastError tells of a system call at the end of the process that failed, in
// which a capability was asked for, and which failed for another reason.
func lastError(a Attempt) string {
	for _, c := range slices.Backward(a.Checks) {
		switch c.Errno() {
		case syscall.EROFS, syscall.ENOENT, syscall.EBUSY, syscall.EEXIST:
			if c.AtEnd {
				return fmt.Sprintf("%s in %s failed with %s (%s)", c.Syscall, c.Process.Comm, unix.ErrnoName(c.Errno()), c.Errno())
			}
		}
	}
	return ""
}

// unheld returns the refusals, of the kind given, of capabilities that cannot
// be granted, one for each. last is the attempt with everything else granted.
func (f *finder) unheld(last Attempt, kind func(Attempt, trace.Check) bool) []trace.Check {
	var list []trace.Check
	var seen caps.Set
	for _, c := range refusals(last) {
		if kind(last, c) && !seen.Has(c.Cap) && !f.opts.Grantable.Has(c.Cap) && !last.Granted.Has(c.Cap) {
			seen = seen.With(c.Cap)
			list = append(list, c)
		}
	}
	return list
}

func capsOf(refused []trace.Check) string {
	var s caps.Set
	for _, c := range refused {
		s = s.With(c.Cap)
	}
	return names(s)
}

// places says who was refused something, and in which system call.
func places(refused []trace.Check) string {
	var list []string
	for _, c := range refused {
		list = append(list, c.Where())
	}
	return strings.Join(list, ", ")
}

// leftover matches the messages of commands that find what they have to make
// already there.
var leftover = regexp.MustCompile(`(?i)exists|busy|already|in use|not empty`)

// leftSomething says whether it looks as if the first attempt failed for want
// of a capability, and later ones for what the first had left behind: they end
// otherwise, and what the command says of it is no other cause.
func (f *finder) leftSomething() bool {
	if f.opts.Sandboxed {
		return false
	}
	first, last := f.runs[0], lastAsUser(f.runs)
	if next(first, f.opts.Grantable) == 0 || first.Output == last.Output {
		return false
	}
	return strings.TrimSpace(last.Output) == "" || leftover.MatchString(last.Output)
}

func (f *finder) refusedSoFar() string {
	if refused := refused(f.allRuns()); refused != 0 {
		return "; refused so far: " + names(refused)
	}
	return ""
}

func ended(a Attempt) string {
	if a.Success {
		return "succeeded"
	}
	return "failed"
}

// describe names a grant within a sentence.
func describe(s caps.Set) string {
	if s == 0 {
		return "no capability"
	}
	return names(s)
}

// names lists capabilities as a person would: A, B and C.
func names(s caps.Set) string {
	return joined(s.Names())
}

func joined(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " and " + list[last]
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}
