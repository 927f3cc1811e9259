// Package sender knows which process sent a signal to this one, which Go's
// runtime does not tell.
//
//	senders, err := sender.Watch(bpf.ReadTypes())
//	...
//	by, known := senders.Of(unix.SIGTERM)
package sender

import (
	"errors"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/trace/backend"
)

// Process is what sent a signal.
type Process struct {
	// PID is its id in the pid namespace of this process; 0 if it is in none
	// below.
	PID int
	// Comm is its name (proc(5)).
	Comm string
}

// Senders watches the signals that this process is sent.
type Senders struct {
	objects bpf.SignalObjects
	link    link.Link
}

// Watch begins to watch. It takes CAP_BPF and CAP_PERFMON.
func Watch(types *bpf.Types) (*Senders, error) {
	spec, err := bpf.LoadSignal()
	if err != nil {
		return nil, fmt.Errorf("read eBPF program: %w", err)
	}
	if err := errors.Join(backend.SetPIDNamespace(spec), spec.Variables[bpf.SignalVarSelf].Set(uint32(os.Getpid()))); err != nil {
		return nil, fmt.Errorf("set up eBPF program: %w", err)
	}
	options, err := types.Options()
	if err != nil {
		return nil, err
	}
	s := new(Senders)
	if err := spec.LoadAndAssign(&s.objects, options); err != nil {
		return nil, fmt.Errorf("load eBPF program: %w", err)
	}
	s.link, err = link.AttachTracing(link.TracingOptions{Program: s.objects.OnSignal, AttachType: ebpf.AttachTraceRawTp})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("attach eBPF program: %w", err), s.objects.Close())
	}
	return s, nil
}

// Of is the process that last sent the signal to this one; false if none did,
// as when the kernel sent it for Ctrl-C at the terminal.
func (s *Senders) Of(sig unix.Signal) (Process, bool) {
	var from bpf.SignalSender
	if s == nil || s.objects.Senders.Lookup(int32(sig), &from) != nil {
		return Process{}, false
	}
	return Process{PID: int(from.Pid), Comm: backend.Text(from.Comm[:])}, true
}

// Close ends the watching. Without a watch it does nothing.
func (s *Senders) Close() error {
	if s == nil {
		return nil
	}
	return errors.Join(s.link.Close(), s.objects.Close())
}
