package backend

import (
	"os"
	"strings"
	"sync"
)

// kallsymsReader returns a function that reads the symbols when it is first
// called, and anew when a module has come or gone since: an address in one
// that is not known would be taken for another's.
func kallsymsReader() func() (*kallsyms, error) {
	var mu sync.Mutex
	var known *kallsyms
	var knownModules string
	return func() (*kallsyms, error) {
		mu.Lock()
		defer mu.Unlock()
		modules := loadedModules()
		if known != nil && modules == knownModules {
			return known, nil
		}
		s, err := readKallsyms()
		if err == nil {
			known, knownModules = s, modules
		}
		return s, err
	}
}

// loadedModules says which modules are where, "" on a kernel that has none.
func loadedModules() string {
	list, err := os.ReadFile("/proc/modules")
	if err != nil {
		return ""
	}
	return modulesIn(string(list))
}

// modulesIn takes lines "name size users who state address [taints]", and
// leaves out what changes while a module stays.
func modulesIn(list string) string {
	var s strings.Builder
	for line := range strings.Lines(list) {
		if f := strings.Fields(line); len(f) >= 6 {
			s.WriteString(f[0] + " " + f[5] + "\n")
		}
	}
	return s.String()
}
