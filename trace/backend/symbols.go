package backend

import (
	"fmt"
	"strings"
	"sync"

	"github.com/cilium/ebpf"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/trace"
)

// Symbols names the functions of the kernel by address. Nothing is loaded or
// read before there is something to name.
type Symbols struct {
	mu    sync.Mutex
	namer *namer
	// table takes the place of the namer on kernels before 5.14, which do
	// not take it. It knows nothing where kptr_restrict hides addresses.
	table func() (*kallsyms, error)
}

// Stack names the functions of a kernel stack, innermost first, without
// capmon's own hook.
func (s *Symbols) Stack(ips []uint64) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names, err := s.names(ips)
	if err != nil {
		return nil, err
	}
	return trace.TrimHook(names), nil
}

func (s *Symbols) names(ips []uint64) ([]string, error) {
	if s.namer == nil && s.table == nil {
		var err error
		if s.namer, err = newNamer(); err != nil {
			s.table = kallsymsReader()
		}
	}
	if s.namer != nil {
		return s.namer.names(ips)
	}
	table, err := s.table()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(ips))
	for i, ip := range ips {
		names[i] = table.name(ip)
	}
	return names, nil
}

// Close unloads what names.
func (s *Symbols) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	namer := s.namer
	s.namer = nil
	return namer.close()
}

// HasSymbols says whether the functions of the kernel can be named. A backend
// works without; a check then has no function, and the tracepoint cannot tell
// whether it is audited.
func HasSymbols() (bool, error) {
	namer, err := newNamer()
	if err == nil {
		return true, namer.close()
	}
	table, err := readKallsyms()
	return err == nil && table.Len() > 0, err
}

// namer has the kernel name addresses; see bpf/names.c.
type namer struct {
	objects bpf.NamesObjects
	request bpf.NamesAddresses
}

func newNamer() (*namer, error) {
	raiseMemlock()
	var n namer
	if err := bpf.LoadNamesObjects(&n.objects, nil); err != nil {
		return nil, fmt.Errorf("load eBPF program that names symbols: %w", err)
	}
	return &n, nil
}

func (n *namer) names(ips []uint64) ([]string, error) {
	var names []string
	for len(ips) > 0 {
		count := copy(n.request.Address[:], ips)
		ips = ips[count:]
		n.request.Count = uint64(count)
		if err := n.ask(); err != nil {
			return nil, fmt.Errorf("name kernel symbols: %w", err)
		}
		for _, name := range n.request.Name[:count] {
			names = append(names, function(Text(name[:])))
		}
	}
	return names, nil
}

func (n *namer) ask() error {
	if err := n.objects.Table.Put(uint32(0), &n.request); err != nil {
		return err
	}
	if _, err := n.objects.NameSymbols.Run(&ebpf.RunOptions{}); err != nil {
		return err
	}
	return n.objects.Table.Lookup(uint32(0), &n.request)
}

// function takes what %ps prints (lib/vsprintf.c), "function [module]" or a
// number, and leaves out what the compiler appended to the name.
func function(symbol string) string {
	if strings.HasPrefix(symbol, "0x") {
		return ""
	}
	name, _, _ := strings.Cut(symbol, " ")
	name, _, _ = strings.Cut(name, ".")
	return name
}

func (n *namer) close() error {
	if n == nil {
		return nil
	}
	return n.objects.Close()
}
