package follow

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

// A callCase is a system call and the checks that the kernel makes for it.
type callCase struct {
	name string
	// prepare is done before, by root, in the directory of the case.
	prepare func(t *testing.T, dir string)
	// call is made by a process of its own, as nobody, in that directory.
	call    func() error
	program program // instead of call
	root    bool    // it is done as root
	// want are the checks of its system call, all of them and in their order.
	want []want
}

// want is what there is to say of a check, apart from who made it.
type want struct {
	cap     string
	verdict trace.Verdict
	syscall string
	errno   syscall.Errno
	// function is the kernel function that asks. Which one remains of those
	// that the compiler can merge depends on the kernel: any of them will do.
	function string

	unaudited, otherNS, otherCreds bool
	// indecisive: a refusal that has no effect that can be known.
	indecisive bool
	// sometimes: not every kernel makes this check.
	sometimes bool
	// inlined: cap_capable is inlined where it is made, on Debian's kernels
	// at least, and only the tracepoint is sure to see it.
	inlined bool
}

func (w want) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s %s %s", w.verdict, w.cap, w.syscall)
	if w.errno != 0 {
		fmt.Fprintf(&s, " %s", unix.ErrnoName(w.errno))
	}
	for text, is := range map[string]bool{
		" unaudited": w.unaudited, " other namespace": w.otherNS,
		" other credentials": w.otherCreds, " indecisive": w.indecisive,
	} {
		if is {
			s.WriteString(text)
		}
	}
	return s.String() + " in " + w.function
}

// matches leaves out the functions, of which one is enough.
func (w want) matches(c trace.Check) bool {
	got := wantOf(c)
	functions := entryPoints(w.syscall)
	if w.function != "" {
		functions = strings.Fields(w.function)
	}
	if !slices.Contains(functions, got.function) {
		return false
	}
	got.function, w.function, w.sometimes, w.inlined = "", "", false, false
	return got == w
}

// entryPoints are the names under which the kernel enters a system call.
func entryPoints(name string) []string {
	return []string{"__x64_sys_" + name, "__arm64_sys_" + name, "__se_sys_" + name, "__do_sys_" + name, "ksys_" + name, "__sys_" + name}
}

// wantOf says of a check what a want says.
func wantOf(c trace.Check) want {
	return want{
		cap: c.Cap.String(), verdict: c.Verdict, syscall: c.Syscall, errno: c.Errno(), function: c.Function,
		unaudited: !c.Audited, otherNS: !c.InitialNS, otherCreds: !c.OwnCreds,
		indecisive: c.Verdict == trace.Fail && !c.Decisive(),
	}
}

func init() {
	roles["call"] = func(args []string) int {
		for _, c := range callCases {
			if c.name == args[0] {
				// A refusal is what most of them are about.
				fmt.Println(c.call())
				return 0
			}
		}
		fmt.Println("no such case:", args[0])
		return 1
	}
}

func TestSystemCalls(t *testing.T) {
	for _, c := range callCases {
		t.Run(c.name, func(t *testing.T) {
			eachBackend(t, func(t *testing.T, tracer *Tracer) { c.test(t, tracer) })
		})
	}
}

func (c callCase) test(t *testing.T, tracer *Tracer) {
	p := c.program
	if c.call != nil {
		p = role(t, "call", c.name)
	}
	p.dir = testenv.OpenToAll(t)
	p.root = c.root
	if c.prepare != nil {
		c.prepare(t, p.dir)
	}
	seen := p.run(t, tracer)
	compareChecks(t, c.wanted(tracer), checksOf(seen, c.want))
}

// wanted are the checks that the backend must see.
func (c callCase) wanted(tracer *Tracer) []want {
	wanted := slices.Clone(c.want)
	for i := range wanted {
		if wanted[i].inlined && tracer.Backend() != "tracepoint" {
			wanted[i].sometimes = true
		}
	}
	return wanted
}

// checksOf leaves only the system calls that are wanted, without the noise of
// overcommit in them if that is not wanted itself.
func checksOf(seen trace.Trace, wanted []want) []trace.Check {
	var checks []trace.Check
	for _, c := range seen.Checks {
		if slices.ContainsFunc(wanted, func(w want) bool { return w.syscall == c.Syscall && (w.unaudited || !c.Overcommit()) }) {
			checks = append(checks, c)
		}
	}
	return checks
}

func compareChecks(t *testing.T, wanted []want, got []trace.Check) {
	t.Helper()
	rest := got
	for _, w := range wanted {
		switch {
		case len(rest) > 0 && w.matches(rest[0]):
			// There may be several ways to one function.
			for len(rest) > 0 && w.matches(rest[0]) {
				rest = rest[1:]
			}
		case !w.sometimes:
			t.Errorf("not seen, or not at this place: %v", w)
		}
	}
	if len(rest) > 0 || t.Failed() {
		for _, c := range got {
			t.Errorf("seen: %v, stack: %v", wantOf(c), c.Stack)
		}
	}
}

// Two refusals in one system call are alternatives, of which the first is
// the lesser: they must be known to be of one call.
func TestAlternativesAreOfOneCall(t *testing.T) {
	eachBackend(t, func(t *testing.T, tracer *Tracer) {
		p := role(t, "call", "open a file of root's")
		p.dir = testenv.OpenToAll(t)
		rootFile(t, p.dir)
		var calls []uint64
		var asked []caps.Cap
		for _, c := range p.run(t, tracer).Checks {
			if c.Syscall == "openat" && c.Verdict == trace.Fail {
				calls = append(calls, c.Call)
				asked = append(asked, c.Cap)
			}
		}
		if !slices.Equal(asked, []caps.Cap{caps.DACReadSearch, caps.DACOverride}) {
			t.Fatalf("asked for %v", asked)
		}
		if calls[0] == 0 || calls[0] != calls[1] {
			t.Errorf("not of one call: %v", calls)
		}
	})
}

// rootFile makes a file that only root can read, write or execute.
func rootFile(t *testing.T, dir string) {
	t.Helper()
	testenv.Must(t, os.WriteFile(dir+"/secret", nil, 0o600))
}

func ownFile(t *testing.T, dir string) {
	t.Helper()
	testenv.Must(t, os.WriteFile(dir+"/own", nil, 0o644))
	testenv.Must(t, os.Chown(dir+"/own", nobody, nobody))
}

// raw makes a system call for which there is no function, or one that does
// more than the call.
func raw(nr uintptr, args ...uintptr) error {
	args = append(args, 0, 0, 0, 0, 0)
	_, _, errno := unix.RawSyscall6(nr, args[0], args[1], args[2], args[3], args[4], 0)
	if errno == 0 {
		return errors.New("succeeded")
	}
	return errno
}
