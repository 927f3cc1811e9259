package units

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/service"
	"github.com/capmon/capmon/internal/testenv"
)

// search finds the set of a service without looking at a single check and
// without the loop of capmon: what fails when it alone is missing is needed; if
// that is not enough, the most powerful capabilities are taken away first. In
// the end every part of the set is tried, and the smallest that suffices is it.
type search struct {
	t         *testing.T
	attempter controller.Attempter
	mu        sync.Mutex
	known     map[caps.Set]bool
}

// workers is how many attempts are made at the same time.
const workers = 4

func newSearch(t *testing.T, c Case) *search {
	t.Helper()
	s, err := service.Open(c.Unit, nil)
	testenv.Must(t, err)
	sandboxes, err := launch.NewSandboxes(sandbox.Options{Net: true})
	testenv.Must(t, err)
	config := attempt.Config{
		Service: s, Setup: c.Setup, Exercise: c.Exercise, Timeout: time.Minute,
		Warn: func(err error) { t.Logf("warned: %v", err) },
	}
	if c.Skip != "" {
		config.Skip = []controller.Scenario{controller.Scenario(c.Skip)}
	}
	return &search{t: t, attempter: attempt.NewSandboxed(config, sandboxes, nil), known: map[caps.Set]bool{}}
}

func (s *search) tryAll(sets []caps.Set) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, workers)
	for _, set := range sets {
		s.mu.Lock()
		_, known := s.known[set]
		s.mu.Unlock()
		if known {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			a, err := s.attempter.Attempt(context.Background(), controller.Request{Grant: set})
			if err != nil {
				s.t.Errorf("try %q: %v", set, err)
				return
			}
			s.mu.Lock()
			s.known[set] = a.Success
			s.mu.Unlock()
		})
	}
	wg.Wait()
}

func (s *search) succeeds(set caps.Set) bool {
	s.tryAll([]caps.Set{set})
	return s.known[set]
}

// minimal is the set; false if the service fails with everything.
func (s *search) minimal(all caps.Set) (caps.Set, bool) {
	if !s.succeeds(all) {
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
	for {
		before := all
		members := all.Minus(needed).ByPower()
		slices.Reverse(members)
		for _, c := range members {
			if s.succeeds(all.Without(c)) {
				all = all.Without(c)
			}
		}
		if all == before {
			return all, true
		}
	}
}

// parts are the sets that lack something of set.
func parts(set caps.Set) []caps.Set {
	list := []caps.Set{0}
	for _, c := range set.Members() {
		for _, part := range slices.Clone(list) {
			list = append(list, part.With(c))
		}
	}
	return slices.DeleteFunc(list, func(s caps.Set) bool { return s == set })
}

// searched compares the table with the search.
func searched(t *testing.T, c Case, want caps.Set) {
	s := newSearch(t, c)
	u, err := service.Open(c.Unit, nil)
	testenv.Must(t, err)
	found, ok := s.minimal(launch.Grantable().Minus(u.Unit().Withheld()))
	if !ok {
		t.Error("by brute force: it fails with everything")
		return
	}
	// A service that does more when it may do more may need more for that.
	all := parts(found)
	s.tryAll(all)
	for _, part := range all {
		if s.known[part] && part.Len() < found.Len() {
			found = part
		}
	}
	if found != want {
		t.Errorf("by brute force it needs %q, the table wants %q", found.Names(), want.Names())
	}
}
