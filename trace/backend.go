package trace

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/rlimit"

	"github.com/capmon/capmon/bpf"
)

// backend is one way to see the kernel's capability checks.
type backend struct {
	name string
	// programs are what it attaches besides the programs that every
	// backend has.
	programs []string
	// opts: the hook sees cap_capable's opts, and so whether a check is
	// audited; otherwise the stack has to say it.
	opts bool
}

// backends are in the order in which they are tried: the one that sees most
// comes first.
var backends = []backend{
	{name: "fexit", programs: []string{
		"cap_capable_fexit",
		"cap_capset_fexit", "cap_task_prctl_fexit", "cap_mmap_addr_fexit",
	}, opts: true},
	{name: "tracepoint", programs: []string{"cap_capable_tracepoint"}},
	{name: "kprobe", programs: []string{
		"cap_capable_entry", "cap_capable_return",
		"cap_capset_return", "cap_task_prctl_return", "cap_mmap_addr_return",
	}, opts: true},
}

// Backends lists the names that Open takes, the best first.
func Backends() []string {
	var names []string
	for _, b := range backends {
		names = append(names, b.name)
	}
	return names
}

// UnknownBackendError is a backend that does not exist.
type UnknownBackendError struct{ Name string }

func (e *UnknownBackendError) Error() string {
	return fmt.Sprintf("unknown backend %q: use %s", e.Name, strings.Join(Backends(), ", "))
}

// UnsupportedError says that no backend works on this machine, and why.
type UnsupportedError struct {
	// Reasons says for each backend that was tried what the kernel said.
	Reasons map[string]error
	// Hint is what would help, in one sentence.
	Hint string
}

// seeDoctor is where there is more to learn.
const seeDoctor = "capmon doctor says what would help"

func (e *UnsupportedError) Error() string {
	var reasons []string
	for _, name := range Backends() {
		if err := e.Reasons[name]; err != nil {
			reasons = append(reasons, fmt.Sprintf("%s: %v", name, summary(err)))
		}
	}
	text := "cannot trace capability checks on this machine"
	if len(reasons) > 0 {
		text += " (" + strings.Join(reasons, "; ") + ")"
	}
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	return text
}

// summary is the cause at the end of an error chain: what the kernel said,
// without the verifier's log.
func summary(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// Open loads the backend of that name, or with "" the best one that loads,
// and attaches its programs. Nothing is recorded until a thread is armed.
func Open(name string) (*Tracer, error) { return openBest(name, open) }

// openBest opens with the first backend that the kernel takes, of all or of
// the one named.
func openBest[T any](name string, open func(backend) (T, error)) (T, error) {
	var none T
	candidates, err := choose(name)
	if err != nil {
		return none, err
	}
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		return none, &UnsupportedError{Hint: "the kernel has no BTF (/sys/kernel/btf/vmlinux); use one built with CONFIG_DEBUG_INFO_BTF=y, as distributions do since 2020; " + seeDoctor}
	}
	// Only kernels before 5.11 count maps against RLIMIT_MEMLOCK; there the
	// load says it if the limit could not be raised.
	_ = rlimit.RemoveMemlock()

	unsupported := &UnsupportedError{Reasons: map[string]error{}}
	for _, b := range candidates {
		t, err := open(b)
		if err == nil {
			return t, nil
		}
		unsupported.Reasons[b.name] = err
	}
	unsupported.Hint = seeDoctor
	return none, unsupported
}

// KnownBackend returns an UnknownBackendError unless Open takes the name.
func KnownBackend(name string) error {
	_, err := choose(name)
	return err
}

func choose(name string) ([]backend, error) {
	if name == "" {
		return backends, nil
	}
	for _, b := range backends {
		if b.name == name {
			return []backend{b}, nil
		}
	}
	return nil, &UnknownBackendError{name}
}

// commandSpec is the eBPF collection with the hooks of one backend only.
func commandSpec(b backend) (*ebpf.CollectionSpec, error) {
	spec, err := bpf.LoadCommand()
	if err != nil {
		return nil, fmt.Errorf("read eBPF programs: %w", err)
	}
	b.prune(spec)
	return spec, nil
}

// prune removes the programs of all other backends.
func (b backend) prune(spec *ebpf.CollectionSpec) {
	for _, other := range backends {
		if other.name == b.name {
			continue
		}
		for _, program := range other.programs {
			delete(spec.Programs, program)
		}
	}
}
