package monitor

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/internal/tracetest"
)

// placeCalls are system calls whose check is made by code that cap_capable may
// be inlined into (bpf/inlined.h), in the words of askerScript, each with the
// functions of which one has to be named.
var placeCalls = []struct {
	syscall, words string
	cap            caps.Cap
	functions      string
	// onlyFail: where it passes, it may go unseen.
	onlyFail bool
}{
	{"capset", fmt.Sprintf("%d header data", unix.SYS_CAPSET), caps.SetPCap, "cap_capset security_capset", false},
	{"prctl", fmt.Sprintf("%d %d 0 0 0 0", unix.SYS_PRCTL, unix.PR_SET_SECUREBITS), caps.SetPCap, "cap_task_prctl security_task_prctl", false},
	{"prctl", fmt.Sprintf("%d %d 1 0 0 0", unix.SYS_PRCTL, unix.PR_CAPBSET_DROP), caps.SetPCap, "cap_task_prctl cap_prctl_drop", false},
	{"mmap", fmt.Sprintf("%d 0 4096 %d %d -1 0", unix.SYS_MMAP, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_FIXED),
		caps.SysRawIO, "cap_mmap_addr security_mmap_addr", true},
}

// Each of these checks is counted once, whether or not cap_capable is inlined
// where it is made.
func TestMonitorSeesInlinedChecks(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		root, refused := startAsking(t, "root", 0), startAsking(t, "refused", tracetest.Nobody)
		for _, call := range placeCalls {
			for helper, verdict := range map[*asking]trace.Verdict{root: trace.Pass, refused: trace.Fail} {
				if call.onlyFail && verdict == trace.Pass {
					continue
				}
				t.Run(call.words+" "+string(verdict), func(t *testing.T) {
					w := startMonitor(t, Config{Backend: backend, Window: foldTest, Filter: Filter{PIDs: []int{helper.pid}}})
					helper.tell("call 3 " + call.words)
					var n uint64
					for _, e := range w.stop() {
						c := e.Check
						if c.Cap != call.cap || c.Syscall != call.syscall || c.Verdict != verdict || !c.Audited || !c.InitialNS || !c.OwnCreds {
							t.Errorf("saw %+v", c)
						}
						if !strings.Contains(call.functions, c.Function) || c.Function == "" {
							t.Errorf("made in %q, want one of %s", c.Function, call.functions)
						}
						n += c.Count
					}
					if n != 3 || w.lost() != 0 {
						t.Errorf("saw %d and lost %d of 3 checks", n, w.lost())
					}
				})
			}
		}
	})
}

// The filters hold for these checks, too.
func TestMonitorFiltersInlinedChecks(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string) {
		root, refused := startAsking(t, "root", 0), startAsking(t, "refused", tracetest.Nobody)
		tests := []struct {
			name   string
			filter Filter
			want   int
		}{
			{"none", Filter{}, 4},
			{"fail", Filter{OnlyFail: true}, 3},
			{"capability", Filter{Caps: caps.NewSet(caps.SetPCap)}, 3},
			{"capability of the address", Filter{Caps: caps.NewSet(caps.SysRawIO)}, 1},
			{"other capability", Filter{Caps: caps.NewSet(caps.NetAdmin)}, 0},
			{"user", Filter{UIDs: []uint32{0}}, 1},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				tt.filter.PIDs = []int{root.pid, refused.pid}
				w := startMonitor(t, Config{Backend: backend, Window: foldTest, Filter: tt.filter})
				root.tell("call 1 " + placeCalls[0].words)
				for _, i := range []int{0, 1, 3} {
					refused.tell("call 1 " + placeCalls[i].words)
				}
				var n uint64
				for _, e := range w.stop() {
					n += e.Check.Count
				}
				if n != uint64(tt.want) {
					t.Errorf("saw %d checks, want %d", n, tt.want)
				}
			})
		}
	})
}
