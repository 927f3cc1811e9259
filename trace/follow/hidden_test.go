//go:build vm

package follow

import (
	"os"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/internal/testenv"
)

// Addresses of the kernel are hidden from everyone, and its functions named all
// the same: noise is told by them, and on some backends what is audited.
func TestSymbolsAreHidden(t *testing.T) {
	const setting = "/proc/sys/kernel/kptr_restrict" // proc_sys_kernel(5)
	before, err := os.ReadFile(setting)
	testenv.Must(t, err)
	testenv.Must(t, os.WriteFile(setting, []byte("2"), 0))
	t.Cleanup(func() { testenv.Must(t, os.WriteFile(setting, before, 0)) })
	symbols, err := os.ReadFile("/proc/kallsyms")
	testenv.Must(t, err)
	if !strings.HasPrefix(string(symbols), "0000000000000000 ") {
		t.Fatalf("%s does not hide addresses", setting)
	}
	for _, name := range testBackends(t) {
		t.Run(name, func(t *testing.T) {
			// Another tracer than the others', which have named them before.
			tracer, err := Open(name)
			testenv.Must(t, err)
			t.Cleanup(func() { testenv.Must(t, tracer.Close()) })
			seen := perl(perlAsk+`ask()`).run(t, tracer)
			asked := asks(seen)
			if len(asked) != 1 || !strings.HasSuffix(asked[0].Function, "sys_sethostname") || !asked[0].Audited {
				t.Errorf("asked: %+v", asked)
			}
			for _, c := range seen.Checks {
				if c.Function == "" {
					t.Errorf("no function: %+v", c)
				}
				// Nothing else asks for it there. By fexit and kprobe there may
				// be none of these checks (bpf/inlined.h).
				if c.Cap == caps.SysAdmin && (c.Syscall == "mmap" || c.Syscall == "brk") && !c.Overcommit() {
					t.Errorf("not recognized as a check for overcommitted memory: %+v", c)
				}
			}
		})
	}
}
