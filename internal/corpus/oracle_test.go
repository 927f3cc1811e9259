package corpus

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/controller"
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
	parts := subsets(minimal)
	s.tryAll(parts)
	for _, part := range parts {
		if part != minimal && s.succeeds(part) {
			t.Errorf("by brute force: succeeds with %q, a part of %q", part, minimal)
		}
	}
}

// search tries sets on one case.
type search struct {
	t         *testing.T
	attempter controller.Attempter
	// workers is how many attempts can be made at a time.
	workers int

	mu    sync.Mutex
	known map[caps.Set]bool
	last  controller.Attempt
}

func newSearch(t *testing.T, c Case) *search {
	t.Helper()
	c = prepare(t, c)
	identity, err := account.Lookup(c.Identity())
	if err != nil {
		t.Fatal(err)
	}
	config := attempt.Config{
		Command: []string{c.Command}, Identity: identity, Env: identity.Environ(os.Environ()),
		Setup: c.Setup, Ready: c.Ready, Check: c.Check, Cleanup: c.Cleanup,
		Timeout: time.Minute, ReadyTimeout: readyTimeout,
		Warn: func(err error) { t.Logf("warned: %v", err) },
	}
	s := &search{t: t, attempter: attempter(t, c, config), workers: 1, known: map[caps.Set]bool{}}
	if c.Sandbox != "" {
		// Much of the time they wait for a daemon.
		s.workers = 4
	}
	return s
}

// attempter makes attempts that are not traced.
func attempter(t *testing.T, c Case, config attempt.Config) controller.Attempter {
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

// succeeds says whether the case succeeds with the set, trying it once.
func (s *search) succeeds(set caps.Set) bool {
	s.t.Helper()
	s.tryAll([]caps.Set{set})
	ok, known := s.known[set]
	if !known {
		s.t.FailNow()
	}
	return ok
}

// tryAll tries each set once, several at a time.
func (s *search) tryAll(sets []caps.Set) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, s.workers)
	for _, set := range sets {
		s.mu.Lock()
		_, known := s.known[set]
		s.mu.Unlock()
		if known {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			s.try(set)
			<-slots
		})
	}
	wg.Wait()
}

func (s *search) try(set caps.Set) {
	a, err := s.attempter.Attempt(context.Background(), controller.Request{Grant: set})
	if err != nil {
		s.t.Errorf("try %q: %v", set, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.known[set] = a, a.Success
}

// minimal returns a set that suffices and from which nothing can be taken
// away.
//
// Capabilities without each of which everything else fails are in every such
// set. If they suffice, that is the only one. If not, some can stand in for
// others: then one after the other is taken away, the most powerful first, so
// that what is left is as weak as can be.
func (s *search) minimal(all caps.Set) (caps.Set, bool) {
	all, ok := s.most(all)
	if !ok {
		return 0, false
	}
	var without []caps.Set
	for _, c := range all.Members() {
		without = append(without, all.Without(c))
	}
	s.tryAll(without)
	var needed caps.Set
	for _, c := range all.Members() {
		if !s.succeeds(all.Without(c)) {
			needed = needed.With(c)
		}
	}
	if s.succeeds(needed) {
		return needed, true
	}
	return s.weakest(all), true
}

// most is everything with which it succeeds. Some commands fail with a certain
// capability: mount(8) as another user than root ends if setuid(0) works.
func (s *search) most(all caps.Set) (caps.Set, bool) {
	if s.succeeds(all) {
		return all, true
	}
	for _, c := range all.Members() {
		if s.succeeds(all.Without(c)) {
			return all.Without(c), true
		}
	}
	return 0, false
}

func (s *search) weakest(set caps.Set) caps.Set {
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
			return set
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
