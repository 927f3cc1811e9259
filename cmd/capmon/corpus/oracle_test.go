package corpus

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/cmd/capmon/attempt"
	"github.com/capmon/capmon/discover"
)

// searchAll finds the set of a case by brute force, without looking at a
// single check and without the loop of capmon, and compares.
func searchAll(t *testing.T, c Case, want caps.Set) {
	t.Helper()
	s := newSearch(t, c)
	minimal, ok := s.minimal(launch.Grantable())
	if !ok {
		t.Errorf("by brute force: fails with everything\n%s", s.last.Output)
		return
	}
	if minimal != want {
		t.Errorf("by brute force it needs %q, the table wants %q", minimal, want)
	}
	for _, part := range subsets(minimal) {
		if part != minimal && s.succeeds(part) {
			t.Errorf("by brute force: succeeds with %q, a part of %q", part, minimal)
		}
	}
}

// search tries sets on one case.
type search struct {
	t         *testing.T
	attempter discover.Attempter
	known     map[caps.Set]bool
	last      discover.Attempt
}

func newSearch(t *testing.T, c Case) *search {
	t.Helper()
	c = prepare(t, c)
	identity, err := caps.Lookup(c.Identity())
	if err != nil {
		t.Fatal(err)
	}
	config := attempt.Config{
		Command: []string{c.Command}, Identity: identity, Env: identity.Environ(os.Environ()),
		Setup: c.Setup, Ready: c.Ready, Check: c.Check, Cleanup: c.Cleanup,
		Timeout: time.Minute, ReadyTimeout: readyTimeout,
		Warn: func(err error) { t.Logf("warned: %v", err) },
	}
	return &search{t: t, attempter: attempter(t, c, config), known: map[caps.Set]bool{}}
}

// attempter makes attempts that are not traced.
func attempter(t *testing.T, c Case, config attempt.Config) discover.Attempter {
	t.Helper()
	if c.Sandbox != "" {
		sandboxes, err := launch.NewSandboxes(sandbox.Options{Net: c.Sandbox == "net"})
		if err != nil {
			t.Fatal(err)
		}
		return attempt.NewSandboxed(config, sandboxes, nil)
	}
	keeper, err := launch.StartKeeper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keeper.Close() })
	return attempt.NewRunner(config, keeper, nil)
}

func (s *search) succeeds(set caps.Set) bool {
	s.t.Helper()
	if ok, known := s.known[set]; known {
		return ok
	}
	a, err := s.attempter.Attempt(context.Background(), set)
	if err != nil {
		s.t.Fatal(err)
	}
	s.last, s.known[set] = a, a.Success
	return a.Success
}

// minimal takes one capability after the other away from a set that suffices,
// the most powerful first, until none can be missed: what is left is as weak
// as can be, in this order.
func (s *search) minimal(set caps.Set) (caps.Set, bool) {
	if !s.succeeds(set) {
		return 0, false
	}
	for {
		before := set
		members := set.ByPower()
		slices.Reverse(members)
		for _, c := range members {
			if s.succeeds(set.Without(c)) {
				set = set.Without(c)
			}
		}
		// A command that does more when it may do more can miss one
		// capability only when another is gone.
		if set == before {
			return set, true
		}
	}
}

// subsets returns every part of a set, the smallest first.
func subsets(set caps.Set) []caps.Set {
	parts := []caps.Set{0}
	for _, c := range set.Members() {
		for _, part := range slices.Clone(parts) {
			parts = append(parts, part.With(c))
		}
	}
	slices.SortStableFunc(parts, func(a, b caps.Set) int { return a.Len() - b.Len() })
	return parts
}
