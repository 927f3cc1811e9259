// Package backend makes the kernel's capability checks visible: it chooses
// one of several ways to see them, loads its eBPF programs, attaches them and
// takes them away again. What the programs record is for the packages follow
// and monitor.
//
// It is public for its names and errors; the rest may change with any release.
//
//	var unsupported *backend.UnsupportedError
//	if errors.As(err, &unsupported) {
//		fmt.Println("nothing can be traced here; there are", backend.Names())
//	}
package backend

import (
	"github.com/cilium/ebpf"
)

// Backend is one way to see the kernel's capability checks.
type Backend struct {
	Name string
	// SeesOpts: the hook sees cap_capable's opts, and so whether a check is
	// audited; otherwise the stack has to say it.
	SeesOpts bool
	// programs are what it attaches besides the programs that every
	// backend has.
	programs []string
}

// backends are in the order in which they are tried: the one that sees most
// comes first.
var backends = []Backend{
	{Name: "fexit", SeesOpts: true, programs: []string{
		"cap_capable_fexit",
		"cap_capset_fexit", "cap_task_prctl_fexit", "cap_mmap_addr_fexit",
	}},
	{Name: "tracepoint", programs: []string{"cap_capable_tracepoint"}},
	{Name: "kprobe", SeesOpts: true, programs: []string{
		"cap_capable_entry", "cap_capable_return",
		"cap_capset_return", "cap_task_prctl_return", "cap_mmap_addr_return",
	}},
}

// None is the name of no backend: nothing is traced.
const None = "none"

// Names lists the backends, the best first.
func Names() []string {
	var names []string
	for _, b := range backends {
		names = append(names, b.Name)
	}
	return names
}

// Find returns the backend of that name, or an UnknownError.
func Find(name string) (Backend, error) {
	for _, b := range backends {
		if b.Name == name {
			return b, nil
		}
	}
	return Backend{}, &UnknownError{name}
}

// prune removes the programs of all other backends.
func (b Backend) prune(spec *ebpf.CollectionSpec) {
	for _, other := range backends {
		if other.Name == b.Name {
			continue
		}
		for _, program := range other.programs {
			delete(spec.Programs, program)
		}
	}
}
