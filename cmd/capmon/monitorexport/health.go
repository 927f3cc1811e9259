package monitorexport

import "sync"

// health is what is known of the collector.
type health struct {
	settings Settings
	say      func(format string, args ...any)

	mu      sync.Mutex
	why     string // "" while it answers
	reached bool   // once at least
}

// judge says once what is the matter with the collector, and once that it is
// over.
func (h *health) judge(o outcome) {
	h.mu.Lock()
	before := h.why
	h.why = o.why
	if !o.again && o.rejected == 0 {
		h.reached = true
	}
	h.mu.Unlock()
	switch {
	case o.why != "" && before == "" && o.again:
		h.say("cannot export to %s: %s; up to %d kinds of checks are kept, and it is tried again", h.settings.Endpoint, o.why, h.settings.Queue)
	case o.why != "" && before == "":
		h.say("%s does not take what is exported: %s", h.settings.Endpoint, o.why)
	case o.why == "" && before != "":
		h.say("exporting to %s again", h.settings.Endpoint)
	}
}

// trouble is what is the matter, "" for nothing.
func (h *health) trouble() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.why
}

func (h *health) wasReached() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reached
}
