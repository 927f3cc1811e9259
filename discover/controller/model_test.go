package controller_test

import (
	"context"
	"math/rand"
	"slices"
	"syscall"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace"
)

// call is one system call of a modelled program. The kernel asks for the
// capabilities in order until one is held; if none is, the call is refused.
type call struct {
	asks []caps.Cap
	// errno is what a refused call returns; 0 if it succeeds all the same.
	errno syscall.Errno
	// quiet: the check is not audited.
	quiet bool
	// others: the check is made with other credentials than the task's own.
	others bool
	// inside: the check is made against a user namespace of the command's
	// own, and refused whatever is granted; the program does without.
	inside bool
	// stubborn: it is refused whatever is granted, as access(2) is to a user
	// who is not root; the program does without.
	stubborn bool
	// netlink: the refusal is in the answer to a netlink request.
	netlink bool
	// tolerated: the program goes on after a refusal, and may still succeed.
	tolerated bool
	// unwanted: the program goes on only if it is refused.
	unwanted bool
	// process tells which process makes the call.
	process int
	// given: the call is made only when this is granted; 0 is always, as
	// every capability but CAP_CHOWN can be given.
	given caps.Cap
}

// passes says whether the kernel answers the question for asked with yes.
func (c call) passes(asked caps.Cap, grant caps.Set) bool {
	return grant.Has(asked) && !c.inside && !c.stubborn
}

// granted says whether the call is made with success under the grant.
func (c call) granted(grant caps.Set) bool {
	return slices.ContainsFunc(c.asks, func(asked caps.Cap) bool { return c.passes(asked, grant) })
}

// ends says whether the program ends with the refusal of this call.
func (c call) ends(grant caps.Set) bool {
	if c.unwanted {
		return c.made(grant) && c.granted(grant)
	}
	return c.made(grant) && !c.granted(grant) && !c.tolerated && !c.inside && !c.stubborn
}

// program models a command.
type program struct {
	calls []call
	// hidden are capabilities that the program looks for itself, without
	// any check.
	hidden caps.Set
	// drops: without what is hidden it gives up all that it has, and goes on.
	drops bool
	// broken: it fails in any case.
	broken bool
	// insists: it fails unless it is uid 0, before any call.
	insists bool
	// once: it can succeed so often, then fails; 0 is always.
	once int
	// failsAt are the numbers, from 1, of attempts that fail for no reason.
	failsAt map[int]bool
	// chance, if set, decides about each attempt whether it fails for no
	// reason, before it asks for anything: of a hundred so many succeed.
	chance  *rand.Rand
	percent int
	// interrupt, if set, is called at the start of the attempt with this
	// number.
	interruptAt int
	interrupt   context.CancelFunc
	// err is what the attempt with number errAt returns.
	errAt int
	err   error

	attempts  []controller.Attempt
	successes int
}

// succeeds is what the program needs, without running it.
func (p *program) succeeds(grant caps.Set) bool {
	if p.broken || !grant.Contains(p.hidden) {
		return false
	}
	return !slices.ContainsFunc(p.calls, func(c call) bool { return c.ends(grant) })
}

func (c call) made(grant caps.Set) bool { return c.given == 0 || grant.Has(c.given) }

// interrupted is the outcome of an attempt that was ended from outside.
const interrupted = "killed by SIGINT"

// Attempt runs the program up to the refusal that ends it.
func (p *program) Attempt(ctx context.Context, request controller.Request) (controller.Attempt, error) {
	n := len(p.attempts) + 1
	if p.errAt == n {
		return controller.Attempt{}, p.err
	}
	grant := request.Grant
	a := controller.Attempt{Granted: request.Grant, UID0: request.UID0}
	if p.drops && !grant.Contains(p.hidden) {
		grant = 0
	}
	turnedAway := p.insists && !request.UID0 || p.chance != nil && p.chance.Intn(100) >= p.percent
	a.Checks = []trace.Check{noise(grant)}
	if !turnedAway {
		a.Checks = p.checks(grant)
	}
	a.Success = !turnedAway && p.succeeds(grant) && !p.failsAt[n] &&
		(p.once == 0 || p.successes < p.once)
	switch {
	case p.interruptAt == n:
		p.interrupt()
		a.Success, a.Exit, a.Outcome = false, 130, interrupted
	case a.Success:
		a.Outcome = "exit 0"
		p.successes++
	default:
		a.Exit, a.Outcome, a.Output = 1, "exit 1", "failed\n"
		p.blame(&a)
	}
	p.attempts = append(p.attempts, a)
	return a, ctx.Err()
}

// blame says which process failed: that whose call ended the program, and
// else the first.
func (p *program) blame(a *controller.Attempt) {
	a.Failed = &trace.Process{PID: 100, Comm: "model"}
	if len(a.Checks) == 1 {
		return
	}
	for i, c := range p.calls {
		held := a.Granted
		if !held.Contains(p.hidden) {
			if !p.drops {
				break
			}
			held = 0
		}
		if !c.ends(held) {
			continue
		}
		a.Failed.PID += c.process
		for j := range a.Checks {
			a.Checks[j].AtEnd = a.Checks[j].Call == uint64(i+1)
		}
		if c.errno == syscall.EPERM {
			a.Output = "failed: Operation not permitted\n"
		}
		return
	}
}

// checks are what the tracer sees of a run: the overcommit test, and each
// call up to the one that ends the program.
func (p *program) checks(grant caps.Set) []trace.Check {
	checks := []trace.Check{noise(grant)}
	for i, c := range p.calls {
		if !c.made(grant) {
			continue
		}
		for j, asked := range c.asks {
			passed := c.passes(asked, grant)
			check := trace.Check{
				Process: trace.Process{PID: 100 + c.process, Comm: "model"},
				Cap:     asked, Verdict: verdict(passed),
				Audited: !c.quiet, InitialNS: !c.inside, OwnCreds: !c.others,
				Syscall: "model", Returned: true,
				Call: uint64(i + 1), First: time.Duration(10*i + j + 1), Count: 1,
			}
			if c.netlink {
				check.Stack = []string{"rtnetlink_rcv_msg", "netlink_rcv_skb"}
			}
			if !c.granted(grant) {
				check.Return = -int64(c.errno)
			}
			checks = append(checks, check)
			if passed {
				break
			}
		}
		if c.ends(grant) {
			break
		}
	}
	return checks
}

func verdict(passed bool) trace.Verdict {
	if passed {
		return trace.Pass
	}
	return trace.Fail
}

// noise is the check that every program makes when it starts.
func noise(grant caps.Set) trace.Check {
	return trace.Check{
		Process: trace.Process{PID: 100, Comm: "model"},
		Cap:     caps.SysAdmin, Verdict: verdict(grant.Has(caps.SysAdmin)),
		InitialNS: true, OwnCreds: true, Syscall: "brk", Returned: true,
		Function: "__vm_enough_memory", Call: 1000, Count: 7,
	}
}

// mentioned are the capabilities that can make a difference to the program.
func (p *program) mentioned() caps.Set {
	s := p.hidden
	for _, c := range p.calls {
		s |= caps.NewSet(c.asks...)
		if c.given != 0 {
			s = s.With(c.given)
		}
	}
	return s
}

// minimalSets are all minimal sets within grantable, by trying every subset.
func (p *program) minimalSets(grantable caps.Set) []caps.Set {
	universe := (p.mentioned() & grantable).Members()
	var minimal []caps.Set
	for bits := range 1 << len(universe) {
		var s caps.Set
		for i, c := range universe {
			if bits&(1<<i) != 0 {
				s = s.With(c)
			}
		}
		if p.isMinimal(s) {
			minimal = append(minimal, s)
		}
	}
	return minimal
}

// isMinimal says whether s suffices, and no s without one capability does.
func (p *program) isMinimal(s caps.Set) bool {
	if !p.succeeds(s) {
		return false
	}
	for _, c := range s.Members() {
		if p.succeeds(s.Without(c)) {
			return false
		}
	}
	return true
}
