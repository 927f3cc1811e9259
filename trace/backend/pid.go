package backend

import (
	"fmt"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
)

// initialPIDNamespace is the inode number of the initial pid namespace:
// PROC_PID_INIT_INO of include/linux/proc_ns.h.
const initialPIDNamespace = 0xEFFFFFFC

// SetPIDNamespace tells the programs by which ids the user knows processes.
func SetPIDNamespace(spec *ebpf.CollectionSpec) error {
	var ns unix.Stat_t
	if err := unix.Stat("/proc/self/ns/pid", &ns); err != nil {
		return fmt.Errorf("find own pid namespace: %w", err)
	}
	if ns.Ino == initialPIDNamespace {
		return nil
	}
	return spec.Variables[bpf.CommandVarPidNamespace].Set(uint32(ns.Ino))
}
