// Package tracetest finds out with which backends tracing can be tested.
package tracetest

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
)

// Nobody is the user and group id of a user without any right.
const Nobody = 65534

// tracepointSince is the kernel that brought the tracepoint cap_capable.
var tracepointSince = [2]int{6, 14}

// Loader finds out once which backends load.
type Loader struct {
	// Names are all that there are, Try loads one.
	Names []string
	Try   func(name string) error

	once   sync.Once
	loads  []string
	failed error
}

// Backends are the backends to test with: those that must load, or those that
// happen to.
func (l *Loader) Backends(t *testing.T) []string {
	t.Helper()
	testenv.NeedRoot(t, "tracing")
	if names := testenv.Backends(); names != nil {
		return names
	}
	l.once.Do(l.tryAll)
	if KernelIsSince(t, tracepointSince) && !slices.Contains(l.loads, "tracepoint") {
		t.Fatalf("the tracepoint does not load: %v", l.failed)
	}
	if len(l.loads) == 0 {
		testenv.Cannot(t, "no backend loads here: run scripts/vmtest.sh; "+l.failed.Error())
	}
	return l.loads
}

func (l *Loader) tryAll() {
	for _, name := range l.Names {
		if err := l.Try(name); err != nil {
			l.failed = errors.Join(l.failed, fmt.Errorf("%s: %w", name, err))
			continue
		}
		l.loads = append(l.loads, name)
	}
}

// KernelIsSince says whether the kernel has that version or a later one.
func KernelIsSince(t *testing.T, since [2]int) bool {
	t.Helper()
	var name unix.Utsname
	testenv.Must(t, unix.Uname(&name))
	var major, minor int
	if _, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor); err != nil {
		t.Fatalf("kernel release: %v", err)
	}
	return major > since[0] || major == since[0] && minor >= since[1]
}

// SysctlIs ends a test for which this machine is set up in another way.
func SysctlIs(t *testing.T, name string, any ...string) {
	t.Helper()
	value, err := os.ReadFile("/proc/sys/" + name)
	testenv.Must(t, err)
	if got := strings.TrimSpace(string(value)); !slices.Contains(any, got) {
		testenv.Cannot(t, fmt.Sprintf("%s is %s: set it to %s", name, got, any[0]))
	}
}
