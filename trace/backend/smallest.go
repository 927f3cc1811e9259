package backend

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"github.com/capmon/capmon/bpf"
)

// refused loads the smallest program that has the backend's kind of hook. Where
// the kernel refuses fexit it refuses this one as well, and the real programs
// and their maps need not be loaded to learn it, which takes 30 ms. It returns
// nil for backends whose refusal costs little.
func (b Backend) refused(types *bpf.Types) error {
	if b.Name != "fexit" {
		return nil
	}
	smallest, err := types.Load(&ebpf.CollectionSpec{Programs: map[string]*ebpf.ProgramSpec{"smallest": {
		Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFExit, AttachTo: "cap_capable",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
		License:      "Dual BSD/GPL",
	}}})
	if err != nil {
		return err
	}
	smallest.Close()
	return nil
}
