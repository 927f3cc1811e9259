package backend

import (
	"github.com/cilium/ebpf"

	"github.com/capmon/capmon/bpf"
)

// fitThreads lets programs that have threads load before Linux 5.11, which has
// no task storage. They use another map there.
func fitThreads(types *bpf.Types, spec *ebpf.CollectionSpec) error {
	threads := spec.Maps[bpf.CommandMapThreads]
	if threads == nil {
		return nil
	}
	used, err := types.UsesTaskStorage()
	if err != nil {
		return err
	}
	if !used {
		threads.Type, threads.MaxEntries = ebpf.Hash, 1
	}
	return nil
}
