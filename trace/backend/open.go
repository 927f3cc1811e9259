package backend

import (
	"github.com/cilium/ebpf/rlimit"

	"github.com/capmon/capmon/bpf"
)

// Open calls open with one backend after the other, of all or of the one
// named, until it succeeds. If none works, it returns an UnsupportedError.
func Open[T any](types *bpf.Types, name string, open func(Backend) (T, error)) (T, error) {
	var none T
	candidates := backends
	if name != "" {
		b, err := Find(name)
		if err != nil {
			return none, err
		}
		candidates = []Backend{b}
	}
	if hint := obstacle(); hint != "" {
		return none, &UnsupportedError{Hint: hint}
	}
	unsupported := &UnsupportedError{Reasons: map[string]error{}, Hint: seeDoctor}
	for _, b := range candidates {
		err := b.refused(types)
		if err == nil {
			var t T
			if t, err = open(b); err == nil {
				return t, nil
			}
		}
		unsupported.Reasons[b.Name] = err
	}
	return none, unsupported
}

// raiseMemlock: only kernels before 5.11 count maps against RLIMIT_MEMLOCK;
// there the load says it if the limit could not be raised.
func raiseMemlock() { _ = rlimit.RemoveMemlock() }
