package backend

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/features"

	"github.com/capmon/capmon/bpf"
)

// fitThreads lets programs that have threads load before Linux 5.11, which has
// no task storage. They use another map there.
func fitThreads(spec *ebpf.CollectionSpec) error {
	threads := spec.Maps[bpf.CommandMapThreads]
	if threads == nil {
		return nil
	}
	err := features.HaveMapType(ebpf.TaskStorage)
	if errors.Is(err, ebpf.ErrNotSupported) {
		threads.Type, threads.MaxEntries = ebpf.Hash, 1
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for task storage: %w", err)
	}
	return nil
}
