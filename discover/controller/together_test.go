package controller_test

import (
	"context"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace"
)

// meeting is a program that dies of the first capability that it misses, and
// whose attempts, once it has succeeded, wait for another to be made beside
// them.
type meeting struct {
	want caps.Set

	mu        sync.Mutex
	arrived   *sync.Cond
	now, most int
	succeeded bool
}

func (m *meeting) Attempt(_ context.Context, request controller.Request) (controller.Attempt, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now++
	defer func() { m.now-- }()
	m.most = max(m.most, m.now)
	m.arrived.Broadcast()
	missing := m.want.Minus(request.Grant)
	if missing == 0 {
		m.succeeded = true
		return controller.Attempt{Success: true, Outcome: "exit 0"}, nil
	}
	for m.succeeded && m.most < 2 {
		m.arrived.Wait()
	}
	return controller.Attempt{Exit: 1, Outcome: "exit 1", Checks: []trace.Check{{
		Cap: missing.Members()[0], Verdict: trace.Fail, Audited: true, InitialNS: true, OwnCreds: true,
		Returned: true, Return: -int64(syscall.EPERM), Count: 1,
	}}}, nil
}

func TestProofSideBySide(t *testing.T) {
	m := &meeting{want: caps.NewSet(1, 5, 9, 21)}
	m.arrived = sync.NewCond(&m.mu)
	var order []int
	r, err := controller.Find(context.Background(), m, controller.Options{
		Grantable: caps.NewSet(0, 1, 2, 5, 9, 21, 30), Jobs: 2,
		Observe: func(n int, _ controller.Attempt) { order = append(order, n) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != controller.Minimal || r.Capabilities != m.want {
		t.Errorf("found %s %s", r.Verdict, r.Capabilities)
	}
	if m.most != 2 {
		t.Errorf("%d attempts were made at once, want 2", m.most)
	}
	if !slices.IsSorted(order) || len(order) != len(r.Runs) {
		t.Errorf("observed %v of %d attempts", order, len(r.Runs))
	}
}

// The limit on attempts holds side by side too.
func TestProofSideBySideHasItsLimit(t *testing.T) {
	m := &meeting{want: caps.NewSet(1, 5, 9, 21)}
	m.arrived = sync.NewCond(&m.mu)
	r, err := controller.Find(context.Background(), m, controller.Options{
		Grantable: caps.NewSet(1, 5, 9, 21), Jobs: 4, MaxRuns: 8,
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != controller.Sufficient || len(r.Runs) != 8 || !r.Exhausted {
		t.Errorf("found %s in %d attempts", r.Verdict, len(r.Runs))
	}
}
