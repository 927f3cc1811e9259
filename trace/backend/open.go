package backend

import (
	"os"

	"github.com/cilium/ebpf/rlimit"
)

// seeDoctor is where there is more to learn.
const seeDoctor = "capmon doctor says what would help"

// Open calls open with one backend after the other, of all or of the one
// named, until it succeeds. If none works, it returns an UnsupportedError.
func Open[T any](name string, open func(Backend) (T, error)) (T, error) {
	var none T
	candidates := backends
	if name != "" {
		b, err := Find(name)
		if err != nil {
			return none, err
		}
		candidates = []Backend{b}
	}
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		return none, &UnsupportedError{Hint: "the kernel has no BTF (/sys/kernel/btf/vmlinux); use one built with CONFIG_DEBUG_INFO_BTF=y, as distributions do since 2020; " + seeDoctor}
	}
	unsupported := &UnsupportedError{Reasons: map[string]error{}, Hint: seeDoctor}
	for _, b := range candidates {
		t, err := open(b)
		if err == nil {
			return t, nil
		}
		unsupported.Reasons[b.Name] = err
	}
	return none, unsupported
}

// raiseMemlock: only kernels before 5.11 count maps against RLIMIT_MEMLOCK;
// there the load says it if the limit could not be raised.
func raiseMemlock() { _ = rlimit.RemoveMemlock() }
