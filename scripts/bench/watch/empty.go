package watch

import (
	"context"
	"errors"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
)

// The names of programs that do nothing: what no watcher can go below.
const (
	EmptyCheck = "empty program on the check"
	EmptyExit  = "empty program on sys_exit"
)

// Empty are the programs that do nothing.
func Empty() []Watcher {
	return []Watcher{
		{Name: EmptyCheck, Slow: 1, Start: func(context.Context) (*Running, error) {
			running, err := attach("cap_capable", ebpf.AttachTraceRawTp)
			if err == nil {
				return running, nil
			}
			// Before Linux 6.14 there is no such tracepoint.
			other, otherErr := attach("cap_capable", ebpf.AttachTraceFExit)
			if otherErr != nil {
				return nil, errors.Join(err, otherErr)
			}
			return other, nil
		}},
		{Name: EmptyExit, Slow: 1, Start: func(context.Context) (*Running, error) {
			return attach("sys_exit", ebpf.AttachTraceRawTp)
		}},
		{Name: TaskWork, Slow: 10, Start: startTaskWork},
	}
}

func attach(to string, as ebpf.AttachType) (*Running, error) {
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.Tracing, AttachType: as, AttachTo: to, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	if err != nil {
		return nil, err
	}
	attached, err := link.AttachTracing(link.TracingOptions{Program: program, AttachType: as})
	if err != nil {
		program.Close()
		return nil, err
	}
	return &Running{stop: func() error { return errors.Join(attached.Close(), program.Close()) }}, nil
}
