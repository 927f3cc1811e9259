package attempt

import (
	"sync"
	"time"
)

// DefaultReadyTimeout is how long a daemon may take to be ready where nothing
// else is said, and no attempt has shown that it takes less.
const DefaultReadyTimeout = 30 * time.Second

// An attempt may take leastPatience, or so many times what the slowest that
// became ready took, before it counts as not ready.
const (
	patience      = 10
	leastPatience = 5 * time.Second
)

// pace is what the attempts of a runner know about each other. They may be made
// at the same time.
type pace struct {
	mu      sync.Mutex
	made    int
	slowest time.Duration // until ready; 0 before any was
	// blocking: Ready does not fail by itself while the daemon is not ready.
	blocking bool
	timedOut bool
	folded   bool
}

// limit is how long an attempt may take until it is ready. A limit that was
// given is kept.
func (p *pace) limit(given time.Duration) time.Duration {
	if given != 0 {
		return given
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slowest == 0 {
		return DefaultReadyTimeout
	}
	return min(DefaultReadyTimeout, max(leastPatience, patience*p.slowest))
}

func (p *pace) ready(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slowest = max(p.slowest, took)
}

func (p *pace) slowestReady() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slowest
}

// begin counts the attempt that is about to start its command.
func (p *pace) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made++
}

func (p *pace) madeAny() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made > 0
}

func (p *pace) waitsItself() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.blocking = true
}

func (p *pace) asksBefore() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.blocking
}

// firstTimeout says whether this attempt is the first that took all its time.
func (p *pace) firstTimeout() bool { return p.first(&p.timedOut) }

// firstFolded says whether this attempt is the first whose checks are too many
// to be kept one by one.
func (p *pace) firstFolded() bool { return p.first(&p.folded) }

// first says whether something happens for the first time, and notes it.
func (p *pace) first(happened *bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := *happened
	*happened = true
	return !before
}
