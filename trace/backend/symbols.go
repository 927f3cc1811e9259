package backend

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/trace"
)

// Symbols are the kernel's functions by address.
type Symbols struct {
	addresses []uint64
	names     []string
}

// ReadSymbols reads /proc/kallsyms (proc(5)). Where kptr_restrict hides the
// addresses, every one of them is 0 and the table is empty.
func ReadSymbols() (*Symbols, error) {
	f, err := os.Open("/proc/kallsyms")
	if err != nil {
		return nil, fmt.Errorf("read kernel symbols: %w", err)
	}
	defer f.Close()
	var s Symbols
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		s.addLine(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read kernel symbols: %w", err)
	}
	sort.Sort(&s)
	return &s, nil
}

// CountSymbols says how many names of kernel functions can be read with their
// addresses: 0 where kernel.kptr_restrict hides these. A backend works without
// them; a check then has no function, and the tracepoint cannot tell whether
// it is audited.
func CountSymbols() (int, error) {
	s, err := ReadSymbols()
	if err != nil {
		return 0, err
	}
	return s.Len(), nil
}

// addLine takes "ffffffff81000000 T name [module]" and keeps functions.
func (s *Symbols) addLine(line []byte) {
	address, rest, ok := bytes.Cut(line, []byte{' '})
	if !ok || len(rest) < 3 || !isText(rest[0], rest[2:]) {
		return
	}
	value, err := strconv.ParseUint(string(address), 16, 64)
	if err != nil || value == 0 {
		return
	}
	name, _, _ := bytes.Cut(rest[2:], []byte{'\t'})
	s.addresses = append(s.addresses, value)
	s.names = append(s.names, string(name))
}

// isText says whether a symbol is a function, or the end of them all, which is
// data on arm64.
func isText(kind byte, name []byte) bool {
	return strings.IndexByte("tTwW", kind) >= 0 || string(name) == textEnd
}

// Len is how many functions have a name.
func (s *Symbols) Len() int           { return len(s.addresses) }
func (s *Symbols) Less(i, j int) bool { return s.addresses[i] < s.addresses[j] }
func (s *Symbols) Swap(i, j int) {
	s.addresses[i], s.addresses[j] = s.addresses[j], s.addresses[i]
	s.names[i], s.names[j] = s.names[j], s.names[i]
}

// name returns the function that holds the address, without what the compiler
// appended to it (.isra.0, .constprop.0, .cold), and "" if none is known.
func (s *Symbols) name(address uint64) string {
	i := sort.Search(len(s.addresses), func(i int) bool { return s.addresses[i] > address })
	if i == 0 {
		return ""
	}
	name, _, _ := strings.Cut(s.names[i-1], ".")
	return name
}

// Stack names the functions of a kernel stack, innermost first, without
// capmon's own hook.
func (s *Symbols) Stack(ips []uint64) []string {
	var named []string
	for _, ip := range ips {
		named = append(named, s.name(ip))
	}
	return trace.TrimHook(named)
}

// The text of the kernel lies between these symbols.
const textStart, textEnd = "_stext", "_etext"

// addressRange is struct range of bpf/path.h.
type addressRange struct{ Start, Size uint64 }

// padding is how far apart functions may be that follow each other.
const padding = 64

// wrapperRanges are where the wrappers of cap_capable are, and capmon's hook
// between them and the eBPF program.
func (s *Symbols) wrapperRanges() []addressRange {
	var ranges []addressRange
	for i, name := range s.names[:max(len(s.names)-1, 0)] {
		if !trace.IsWrapper(name) && name != "__traceiter_cap_capable" {
			continue
		}
		start, size := s.addresses[i], s.addresses[i+1]-s.addresses[i]
		if n := len(ranges) - 1; n >= 0 && start-ranges[n].Start-ranges[n].Size < padding {
			ranges[n].Size = start + size - ranges[n].Start
			continue
		}
		ranges = append(ranges, addressRange{start, size})
	}
	return ranges
}

// text is where the kernel's functions are, without those of modules.
func (s *Symbols) text() addressRange {
	var r addressRange
	for i, name := range s.names {
		switch name {
		case textStart:
			r.Start = s.addresses[i]
		case textEnd:
			r.Size = s.addresses[i] - r.Start
		}
	}
	return r
}

// maxWrappers is MAX_WRAPPERS of bpf/path.h.
const maxWrappers = 32

// setThreadSize tells the programs how large a kernel stack is: THREAD_SIZE of
// arch/x86/include/asm/page_64_types.h and arch/arm64/include/asm/memory.h.
func setThreadSize(spec *ebpf.CollectionSpec) error {
	return spec.Variables[bpf.MonitorVarThreadSize].Set(uint32(max(16<<10, os.Getpagesize())))
}

// Locate tells the programs which addresses mean something to them.
func (s *Symbols) Locate(spec *ebpf.CollectionSpec) error {
	found := s.wrapperRanges()
	var table [maxWrappers]addressRange
	n := copy(table[:], found)
	err := errors.Join(
		spec.Variables[bpf.MonitorVarKernelText].Set(s.text()),
		spec.Variables[bpf.MonitorVarWrappers].Set(table),
		spec.Variables[bpf.MonitorVarWrapperCount].Set(uint32(n)),
	)
	if err != nil {
		return fmt.Errorf("tell where the kernel's functions are: %w", err)
	}
	return nil
}
