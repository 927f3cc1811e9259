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

// Where a caller's address is in a register, a probe on return may have been
// there first.
func TestReturnProbeIsNoCaller(t *testing.T) {
	for _, trampoline := range []string{"__kretprobe_trampoline", "arch_rethook_trampoline"} {
		stack := trimHook([]string{"cap_capable", trampoline, "ns_capable", "__arm64_sys_sethostname"})
		if got := asker(stack); got != "__arm64_sys_sethostname" || slices.Contains(stack, trampoline) {
			t.Errorf("%q asks, in %v", got, stack)
		}
	}
}

// The question must be seen before the probe for the answer changes the
// caller's address, and probes run in the reverse of the order here.
func TestEntryIsAttachedLast(t *testing.T) {
	kprobe, err := choose("kprobe")
	must(t, err)
	spec, err := commandSpec(kprobe[0])
	must(t, err)
	order := attachOrder(spec)
	entry, exit := slices.Index(order, "cap_capable_entry"), slices.Index(order, "cap_capable_return")
	if exit < 0 || entry < exit {
		t.Errorf("attached in the order %v", order)
	}
}
