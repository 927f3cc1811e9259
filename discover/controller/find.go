package controller

import (
	"context"
	"errors"
	"fmt"

	"github.com/capmon/capmon/caps"
)

// DefaultMaxRuns is how many attempts a discovery may take when nothing else
// is said: far more than climbing through every capability and proving each
// one takes, and still an end.
const DefaultMaxRuns = 200

// Options say how to search.
type Options struct {
	// Grantable are the capabilities that an attempt can be granted.
	Grantable caps.Set
	// MaxRuns ends the search after so many attempts; 0 is DefaultMaxRuns.
	MaxRuns int
	// Observe, if set, is called after each attempt with its number, from 1.
	Observe func(n int, a Attempt)
	// Confirm is how often the final attempt is repeated.
	Confirm int
	// Alternatives asks for every minimal set, not only for one.
	Alternatives bool
	// Jobs is how many attempts of the proof may be made at the same time.
	// The Attempter must allow for it when it is more than 1.
	Jobs int
	// Require are capabilities that the command is not to go on without: an
	// attempt that succeeds in spite of the refusal of one counts as failed.
	Require caps.Set
	// Sandboxed: attempts are made in sandboxes; OwnNetwork: in each with a
	// network of its own. It makes a difference to the advice.
	Sandboxed, OwnNetwork bool
	// UID0: the Attempter can run the command as uid 0, in the place of the
	// user. That is tried for a command that may insist on it.
	UID0 bool
}

// What ends a search early. None of them takes away what is known by then.
var (
	errInterrupted = errors.New("search interrupted")
	errExhausted   = errors.New("attempts used up")
	errConflict    = errors.New("attempts contradict each other")
)

// finder is one search.
type finder struct {
	attempter Attempter
	opts      Options
	history

	// cut is the attempt during which the search was interrupted. It says
	// what was refused until then, and nothing about success.
	cut *Attempt

	// best is the best set that was seen to suffice, if found.
	best  caps.Set
	found bool

	proven       bool
	narrow       bool
	confirmed    Confirmation
	alternatives []caps.Set
	mustNot      []Exclusion
	excluded     bool // mustNot is known
}

// Find looks for the smallest set of capabilities with which the command
// succeeds, and proves that it needs each of them.
//
// It supposes that a command which succeeds with a set also succeeds with
// more. Attempts that contradict this, or each other, are noticed, and the
// answer is then never called minimal.
//
// When ctx ends, or opts.MaxRuns is reached, the result is what is known by
// then, flagged, and no error. An error says that an attempt could not be
// made; the result still holds what was known before.
func Find(ctx context.Context, a Attempter, opts Options) (Result, error) {
	if opts.MaxRuns == 0 {
		opts.MaxRuns = DefaultMaxRuns
	}
	f := &finder{attempter: a, opts: opts}
	err := f.find(ctx)
	return f.result(err), failure(err)
}

// failure is the part of err that is an error to the caller of Find.
func failure(err error) error {
	for _, expected := range []error{errInterrupted, errExhausted, errConflict} {
		if errors.Is(err, expected) {
			return nil
		}
	}
	return err
}

func (f *finder) find(ctx context.Context) error {
	err := f.reach(ctx)
	if err != nil && !errors.Is(err, errConflict) {
		return err
	}
	if !f.found {
		return nil
	}
	err = f.settle(ctx)
	if err == nil {
		err = f.exclude(ctx)
	}
	if err == nil && f.opts.Alternatives {
		err = f.alternativesOf(ctx)
	}
	if err != nil && !errors.Is(err, errConflict) {
		return err
	}
	// Counting is most useful after a contradiction.
	return f.confirm(ctx)
}

// settle reduces a sufficient set to a minimal, narrow one.
func (f *finder) settle(ctx context.Context) error {
	if f.conflict != nil {
		return errConflict
	}
	if err := f.prove(ctx); err != nil {
		return err
	}
	if err := f.exchange(ctx); err != nil {
		return err
	}
	return f.doubt(ctx)
}

// attempt runs the command under grant and says whether it succeeded.
func (f *finder) attempt(ctx context.Context, grant caps.Set) (bool, error) {
	if ctx.Err() != nil {
		return false, errInterrupted
	}
	if len(f.runs) >= f.opts.MaxRuns {
		return false, errExhausted
	}
	a, err := f.request(ctx, grant)
	return f.take(ctx, a, err)
}

// request makes an attempt under grant, as the user whose turn it is.
func (f *finder) request(ctx context.Context, grant caps.Set) (Attempt, error) {
	a, err := f.attempter.Attempt(ctx, Request{Grant: grant, UID0: f.uid0})
	a.Granted, a.UID0 = grant, f.uid0
	return a, err
}

// take keeps an attempt that was made, and says whether it succeeded.
func (f *finder) take(ctx context.Context, a Attempt, err error) (bool, error) {
	if ctx.Err() != nil && (err != nil || !a.Success) {
		// It failed because it was ended, which proves nothing.
		f.keepCut(a)
		return false, errInterrupted
	}
	if err != nil {
		return false, fmt.Errorf("make attempt %d: %w", len(f.runs)+1, err)
	}
	if without := lacking(a, f.opts.Require&f.opts.Grantable); a.Success && without != 0 {
		a.Success = false
		a.Outcome += ", went on without " + names(without)
	}
	consistent := f.add(a)
	f.observe(len(f.runs), a)
	if a.Success && (!f.found || f.best.Contains(a.Granted)) {
		f.best, f.found = a.Granted, true
	}
	if !consistent {
		return a.Success, errConflict
	}
	return a.Success, nil
}

// keepCut keeps an attempt that was interrupted, unless it never began.
func (f *finder) keepCut(a Attempt) {
	if a.Outcome == "" && len(a.Checks) == 0 {
		return
	}
	f.cut = &a
	f.observe(len(f.runs)+1, a)
}

func (f *finder) observe(n int, a Attempt) {
	if f.opts.Observe != nil {
		f.opts.Observe(n, a)
	}
}

// holds says whether the command succeeds under set, from what is known if
// that says it, else by an attempt. The number is that of the attempt which
// gave the answer; its grant need not be set itself.
func (f *finder) holds(ctx context.Context, set caps.Set) (n int, ok bool, err error) {
	if n := f.lookup(set); n != 0 {
		return n, f.runs[n-1].Success, nil
	}
	ok, err = f.attempt(ctx, set)
	return len(f.runs), ok, err
}

// again tries set, which succeeded, a second time, unless some set has done so
// already. A command that succeeds only once, as one that says "File exists"
// the next time, would fail without any capability whatever, and each of these
// failures would pass for a proof.
func (f *finder) again(ctx context.Context, set caps.Set) error {
	if f.successes() >= 2 {
		return nil
	}
	_, err := f.attempt(ctx, set)
	return err
}
