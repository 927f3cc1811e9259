package trace

import (
	"slices"
	"strings"
	"testing"
)

func TestStackSaysWhoAskedAndHow(t *testing.T) {
	for _, c := range []struct {
		stack   string // innermost first
		trimmed string
		asker   string
		audited bool
	}{
		{"bpf_prog_f00 bpf_trace_run5 __traceiter_cap_capable cap_capable security_capable ns_capable __x64_sys_sethostname do_syscall_64",
			"cap_capable security_capable ns_capable __x64_sys_sethostname do_syscall_64", "__x64_sys_sethostname", true},
		// What lies between the hook and cap_capable may have no name, or
		// another's.
		{" some_module_exit cap_capable security_capable capable can_nice",
			"cap_capable security_capable capable can_nice", "can_nice", true},
		{"cap_capable security_capable capable_wrt_inode_uidgid generic_permission ptracer_capable",
			"cap_capable security_capable capable_wrt_inode_uidgid generic_permission ptracer_capable", "generic_permission", true},
		{"cap_capable security_capable ns_capable_noaudit __ptrace_may_access",
			"cap_capable security_capable ns_capable_noaudit __ptrace_may_access", "__ptrace_may_access", false},
		{"cap_capable cap_vm_enough_memory security_vm_enough_memory_mm mmap_region",
			"cap_capable cap_vm_enough_memory security_vm_enough_memory_mm mmap_region", "cap_vm_enough_memory", false},
		{"cap_capable security_capable kallsyms_show_value kallsyms_open",
			"cap_capable security_capable kallsyms_show_value kallsyms_open", "kallsyms_show_value", false},
		// cap_capable is inlined.
		{"bpf_prog_f00 bpf_trampoline_1 cap_capset security_capset", "cap_capset security_capset", "cap_capset", true},
		{"bpf_prog_f00 __bpf_prog_run security_capset __do_sys_capset", "security_capset __do_sys_capset", "security_capset", true},
		{"cap_capable  ns_capable_noaudit x", "cap_capable  ns_capable_noaudit x", "x", false},
		{"bpf_prog_f00 bpf_trace_run5", "", "", true},
		{"", "", "", true},
	} {
		stack := trimHook(strings.Split(c.stack, " "))
		if got := strings.Join(stack, " "); got != c.trimmed {
			t.Errorf("%q: trimmed to %q, want %q", c.stack, got, c.trimmed)
		}
		if got := asker(stack); got != c.asker {
			t.Errorf("%q: asked by %q, want %q", c.stack, got, c.asker)
		}
		if got := auditedByStack(stack); got != c.audited {
			t.Errorf("%q: audited is %v", c.stack, got)
		}
	}
}

func TestSymbolNames(t *testing.T) {
	var s symbols
	for _, line := range []string{
		"ffffffff81000100 T first", "ffffffff81000200 t second.isra.0", "ffffffff81000180 D data",
		"ffffffff81000300 W third\t[module]", "0000000000000000 T hidden", "nonsense", "", "x T y",
	} {
		s.addLine([]byte(line))
	}
	for address, want := range map[uint64]string{
		0xffffffff810000ff: "", 0xffffffff81000100: "first", 0xffffffff810001ff: "first",
		0xffffffff81000200: "second", 0xffffffff81000333: "third",
	} {
		if got := s.name(address); got != want {
			t.Errorf("%#x: %q, want %q", address, got, want)
		}
	}
}

func TestModulesAreKnownByNameAndPlace(t *testing.T) {
	const list = "tun 61440 0 - Live 0xffffffffc0a00000\nveth 40960 2 tun, Live 0xffffffffc0b00000 (OE)\n"
	used := strings.ReplaceAll(list, "61440 0 -", "61440 1 other,")
	moved := strings.ReplaceAll(list, "c0a0", "c0c0")
	if modulesIn(list) != modulesIn(used) {
		t.Error("a module that is used more is another")
	}
	if modulesIn(list) == modulesIn(moved) || modulesIn(list) == modulesIn("") {
		t.Error("a module elsewhere is the same")
	}
}

func TestSyscallNames(t *testing.T) {
	names, err := newSyscallNames()
	must(t, err)
	for _, c := range []struct {
		nr     int
		compat bool
		want   string
	}{
		{-1, false, ""}, {-1, true, ""}, {99999, false, "syscall_99999"}, {3, true, "read"},
	} {
		if got := names.name(c.nr, c.compat); got != c.want {
			t.Errorf("%d, compat %v: %q, want %q", c.nr, c.compat, got, c.want)
		}
	}
	for nr, name := range names.native {
		if got := names.name(nr|x32Bit, false); got != name {
			t.Errorf("%d of x32: %q, want %q", nr, got, name)
		}
	}
}

// Which images failed of themselves: capmon's fork, what it executed, and its
// children, each given by its parent.
func TestBlamed(t *testing.T) {
	image := func(pid, parent int, status int) Image {
		return Image{Process: Process{PID: pid}, Parent: parent, End: 1, Status: waitStatus(status)}
	}
	replaced := Image{Process: Process{PID: 1}, Parent: -1, End: 1, Replaced: true}
	runs := Image{Process: Process{PID: 3}, Parent: 1}
	for _, c := range []struct {
		name   string
		images []Image
		want   []bool
	}{
		{"nothing failed", []Image{replaced, image(1, 0, 0)}, []bool{false, false}},
		{"the command failed", []Image{replaced, image(1, 0, 2)}, []bool{false, true}},
		{"its child failed, and it with it", []Image{replaced, image(1, 0, 1), image(2, 1, 1)}, []bool{false, false, true}},
		{"its child succeeded", []Image{replaced, image(1, 0, 1), image(2, 1, 0)}, []bool{false, true, false}},
		{"a child's child failed alone", []Image{replaced, image(1, 0, 1), image(2, 1, 0), image(3, 2, 1)}, []bool{false, false, false, true}},
		{"a child still runs", []Image{replaced, image(1, 0, 1), runs}, []bool{false, true, false}},
		{"two children failed", []Image{replaced, image(1, 0, 0), image(2, 1, 9), image(3, 1, 1)}, []bool{false, false, true, true}},
	} {
		if got := blamed(c.images); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
