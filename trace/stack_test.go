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
		// Its return probe before 5.15.
		{"bpf_prog_f00 __bpf_prog_run kretprobe_trampoline", "", "", true},
		{"bpf_prog_f00 __bpf_prog_run security_capset __do_sys_capset", "security_capset __do_sys_capset", "security_capset", true},
		{"cap_capable  ns_capable_noaudit x", "cap_capable  ns_capable_noaudit x", "x", false},
		{"bpf_prog_f00 bpf_trace_run5", "", "", true},
		{"", "", "", true},
	} {
		stack := TrimHook(strings.Split(c.stack, " "))
		if got := strings.Join(stack, " "); got != c.trimmed {
			t.Errorf("%q: trimmed to %q, want %q", c.stack, got, c.trimmed)
		}
		if got := Asker(stack); got != c.asker {
			t.Errorf("%q: asked by %q, want %q", c.stack, got, c.asker)
		}
		if got := AuditedByStack(stack); got != c.audited {
			t.Errorf("%q: audited is %v", c.stack, got)
		}
	}
}

// Where a caller's address is in a register, a probe on return may have been
// there first.
func TestReturnProbeIsNoCaller(t *testing.T) {
	for _, trampoline := range []string{"__kretprobe_trampoline", "arch_rethook_trampoline"} {
		stack := TrimHook([]string{"cap_capable", trampoline, "ns_capable", "__arm64_sys_sethostname"})
		if got := Asker(stack); got != "__arm64_sys_sethostname" || slices.Contains(stack, trampoline) {
			t.Errorf("%q asks, in %v", got, stack)
		}
	}
}
