package trace

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
)

func TestProbeSeesARefusal(t *testing.T) {
	for _, name := range testBackends(t) {
		t.Run(name, func(t *testing.T) {
			p := ProbeBackend(name)
			if !p.Loaded || !p.Attached || !p.Saw || p.Err != nil {
				t.Fatalf("%+v", p)
			}
			c := p.Check
			if c.Cap != caps.DACReadSearch || c.Verdict != Fail || c.Syscall != "execve" ||
				c.Errno() != unix.EACCES || !c.OwnCreds || !c.InitialNS || !c.Audited {
				t.Errorf("saw %+v", c)
			}
			if n, err := Symbols(); err != nil || (n > 0) != (c.Function != "") {
				t.Errorf("%d symbols, %v, function %q", n, err, c.Function)
			}
		})
	}
}

// What does not load here says how far it came.
func TestProbeSaysHowFar(t *testing.T) {
	loads := testBackends(t)
	for _, name := range Backends() {
		if slices.Contains(loads, name) {
			continue
		}
		p := ProbeBackend(name)
		if p.Err == nil || p.Saw || p.Attached {
			t.Errorf("%s does not load, and a probe says %+v", name, p)
		}
	}
	var unknown *UnknownBackendError
	if p := ProbeBackend("ftrace"); !errors.As(p.Err, &unknown) || p.Loaded {
		t.Errorf("%+v", p)
	}
}

func TestProbedCheck(t *testing.T) {
	refused := Check{Cap: caps.DACReadSearch, Syscall: "execve", Verdict: Fail, Returned: true, Return: -int64(unix.EACCES)}
	other := func(change func(*Check)) Check {
		c := refused
		change(&c)
		return c
	}
	for _, test := range []struct {
		name string
		seen []Check
		ok   bool
	}{
		{"nothing", nil, false},
		{"it", []Check{refused}, true},
		{"another capability", []Check{other(func(c *Check) { c.Cap = caps.DACOverride })}, false},
		{"another system call", []Check{other(func(c *Check) { c.Syscall = "openat" })}, false},
		{"another result", []Check{other(func(c *Check) { c.Return = -int64(unix.ENOENT) })}, false},
		{"no result", []Check{other(func(c *Check) { c.Returned = false })}, false},
		{"passed", []Check{other(func(c *Check) { c.Verdict, c.Return = Pass, -int64(unix.ENOENT) })}, true},
		{"behind others", []Check{other(func(c *Check) { c.Cap = caps.SysAdmin }), refused}, true},
	} {
		if _, err := probedCheck(test.seen, unix.EACCES); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
