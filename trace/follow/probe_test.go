package follow

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/backend"
)

func TestProbeSeesARefusal(t *testing.T) {
	for _, name := range testBackends(t) {
		t.Run(name, func(t *testing.T) {
			p := ProbeBackend(name)
			if !p.Loaded || !p.Attached || !p.Saw || p.Err != nil {
				t.Fatalf("%+v", p)
			}
			c := p.Check
			if c.Cap != caps.DACReadSearch || c.Verdict != trace.Fail || c.Syscall != "execve" ||
				c.Errno() != unix.EACCES || !c.OwnCreds || !c.InitialNS || !c.Audited {
				t.Errorf("saw %+v", c)
			}
			if has, err := backend.HasSymbols(); err != nil || has != (c.Function != "") {
				t.Errorf("symbols: %v, %v, function %q", has, err, c.Function)
			}
		})
	}
}

// What does not load here says how far it came.
func TestProbeSaysHowFar(t *testing.T) {
	loads := testBackends(t)
	for _, name := range backend.Names() {
		if slices.Contains(loads, name) {
			continue
		}
		p := ProbeBackend(name)
		if p.Err == nil || p.Saw || p.Attached {
			t.Errorf("%s does not load, and a probe says %+v", name, p)
		}
	}
	var unknown *backend.UnknownError
	if p := ProbeBackend("ftrace"); !errors.As(p.Err, &unknown) || p.Loaded {
		t.Errorf("%+v", p)
	}
}

func TestProbedCheck(t *testing.T) {
	refused := trace.Check{Cap: caps.DACReadSearch, Syscall: "execve", Verdict: trace.Fail, Returned: true, Return: -int64(unix.EACCES)}
	other := func(change func(*trace.Check)) trace.Check {
		c := refused
		change(&c)
		return c
	}
	for _, test := range []struct {
		name string
		seen []trace.Check
		ok   bool
	}{
		{"nothing", nil, false},
		{"it", []trace.Check{refused}, true},
		{"another capability", []trace.Check{other(func(c *trace.Check) { c.Cap = caps.DACOverride })}, false},
		{"another system call", []trace.Check{other(func(c *trace.Check) { c.Syscall = "openat" })}, false},
		{"another result", []trace.Check{other(func(c *trace.Check) { c.Return = -int64(unix.ENOENT) })}, false},
		{"no result", []trace.Check{other(func(c *trace.Check) { c.Returned = false })}, false},
		{"passed", []trace.Check{other(func(c *trace.Check) { c.Verdict, c.Return = trace.Pass, -int64(unix.ENOENT) })}, true},
		{"behind others", []trace.Check{other(func(c *trace.Check) { c.Cap = caps.SysAdmin }), refused}, true},
	} {
		if _, err := probedCheck(test.seen, unix.EACCES); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
