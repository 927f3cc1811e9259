package discover

import (
	"errors"
	"io"
	"sync"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace/backend"
)

// NoBackend is the name of not tracing: the set is found by searching alone,
// which takes more attempts.
const NoBackend = backend.None

// Backends are the names that WithBackend takes, the best first.
func Backends() []string { return append(backend.Names(), NoBackend) }

// Option changes how discoveries are made.
type Option func(*settings)

type settings struct {
	search   controller.Options
	backend  string
	sandbox  *sandbox.Options
	observer Observer
	observed *sync.Mutex
	types    *bpf.Types
}

func newSettings(options []Option) (settings, error) {
	s := settings{observed: new(sync.Mutex)}
	for _, option := range options {
		option(&s)
	}
	if s.types == nil && (s.backend != NoBackend || s.sandbox != nil) {
		s.types = bpf.ReadTypes()
	}
	if s.search.Grantable == 0 {
		s.search.Grantable = launch.Grantable()
	}
	if s.sandbox != nil && s.sandbox.Memory == 0 {
		// All that exist at the same time share it.
		o := *s.sandbox
		o.Memory = sandbox.Memory() / uint64(max(1, s.search.Jobs))
		s.sandbox = &o
	}
	if s.sandbox != nil {
		s.search.Sandboxed, s.search.OwnNetwork = true, s.sandbox.Net
	}
	if s.search.Jobs > 1 && s.sandbox == nil {
		return s, errors.New("attempts at the same time need a sandbox each")
	}
	return s, nil
}

// WithBackend traces by the backend named, one of Backends. Without it the
// best that the kernel lets load is taken.
func WithBackend(name string) Option { return func(s *settings) { s.backend = name } }

// WithTypes loads eBPF programs by what has been read of the kernel, for a caller
// that loads others too.
func WithTypes(types *bpf.Types) Option { return func(s *settings) { s.types = types } }

// WithSandbox makes each attempt in a sandbox of its own, Setup, Check, Ready
// and Cleanup included, so that nothing it writes, mounts or starts outlives
// it.
func WithSandbox(o sandbox.Options) Option { return func(s *settings) { s.sandbox = &o } }

// WithGrantable tries no capabilities but those of set. Without it, or with
// the empty set, all are tried that can be granted.
func WithGrantable(set caps.Set) Option {
	return func(s *settings) { s.search.Grantable = set }
}

// WithMaxRuns makes at most n attempts instead of DefaultMaxRuns.
func WithMaxRuns(n int) Option { return func(s *settings) { s.search.MaxRuns = n } }

// WithConfirm repeats the final attempt n times.
func WithConfirm(n int) Option { return func(s *settings) { s.search.Confirm = n } }

// WithAlternatives finds every minimal set, for Report.Alternatives.
func WithAlternatives() Option { return func(s *settings) { s.search.Alternatives = true } }

// WithRequire counts an attempt as failed that went on in spite of a refusal
// of one of these capabilities, so that they get into the set.
func WithRequire(set caps.Set) Option { return func(s *settings) { s.search.Require = set } }

// WithJobs makes up to n attempts of the proof at the same time. It takes
// WithSandbox.
func WithJobs(n int) Option { return func(s *settings) { s.search.Jobs = n } }

// WithObserver tells o how a discovery goes.
func WithObserver(o Observer) Option { return func(s *settings) { s.observer = o } }

// Observer is told how a discovery goes. Any of its functions may be nil. They
// are called one at a time, not always from the same goroutine.
type Observer struct {
	// Begin: an attempt begins.
	Begin func(Request)
	// End: attempt n, from 1, has ended. Of attempts at the same time the
	// results come in the order of their numbers.
	End func(n int, a Attempt)
	// Warn: something went wrong without harm to the answer.
	Warn func(err error)
	// Output, if not nil, gets what the attempts print, while they do. Those
	// at the same time write at the same time.
	Output io.Writer
}

func (s settings) begin(r Request) {
	s.observed.Lock()
	defer s.observed.Unlock()
	if s.observer.Begin != nil {
		s.observer.Begin(r)
	}
}

func (s settings) end(n int, a Attempt) {
	s.observed.Lock()
	defer s.observed.Unlock()
	if s.observer.End != nil {
		s.observer.End(n, a)
	}
}

func (s settings) warn(err error) {
	s.observed.Lock()
	defer s.observed.Unlock()
	if s.observer.Warn != nil {
		s.observer.Warn(err)
	}
}
