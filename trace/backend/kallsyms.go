package backend

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
)

// kallsyms are the kernel's functions by address, as /proc/kallsyms lists them.
type kallsyms struct {
	addresses []uint64
	names     []string
}

// readKallsyms reads /proc/kallsyms (proc(5)). Where kptr_restrict hides the
// addresses, every one of them is 0 and the table is empty.
func readKallsyms() (*kallsyms, error) {
	f, err := os.Open("/proc/kallsyms")
	if err != nil {
		return nil, fmt.Errorf("read kernel symbols: %w", err)
	}
	defer f.Close()
	var s kallsyms
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

// addLine takes "ffffffff81000000 T name [module]" and keeps functions.
func (s *kallsyms) addLine(line []byte) {
	address, rest, ok := bytes.Cut(line, []byte{' '})
	if !ok || len(rest) < 3 || strings.IndexByte("tTwW", rest[0]) < 0 {
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

func (s *kallsyms) Len() int           { return len(s.addresses) }
func (s *kallsyms) Less(i, j int) bool { return s.addresses[i] < s.addresses[j] }
func (s *kallsyms) Swap(i, j int) {
	s.addresses[i], s.addresses[j] = s.addresses[j], s.addresses[i]
	s.names[i], s.names[j] = s.names[j], s.names[i]
}

// name returns the function that holds the address, without what the compiler
// appended to it (.isra.0, .constprop.0, .cold), and "" if none is known.
func (s *kallsyms) name(address uint64) string {
	i := sort.Search(len(s.addresses), func(i int) bool { return s.addresses[i] > address })
	if i == 0 {
		return ""
	}
	name, _, _ := strings.Cut(s.names[i-1], ".")
	return name
}
