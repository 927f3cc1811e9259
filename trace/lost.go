package trace

import (
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/capmon/capmon/bpf"
)

// totalLost is how many records were lost since the programs were loaded:
// those that found no room, and those of a hook that could not run because it
// was interrupted by itself (recursion_misses in bpf_prog_info).
func totalLost(lost *ebpf.Map, programs []*ebpf.Program) (uint64, error) {
	var total uint64
	for kind := range uint32(bpf.CommandLostKindLOST_KINDS) {
		var perCPU []uint64
		if err := lost.Lookup(kind, &perCPU); err != nil {
			return 0, fmt.Errorf("read count of lost records: %w", err)
		}
		for _, n := range perCPU {
			total += n
		}
	}
	for _, p := range programs {
		stats, err := p.Stats()
		if err != nil {
			return 0, fmt.Errorf("read program statistics: %w", err)
		}
		total += stats.RecursionMisses
	}
	return total, nil
}
