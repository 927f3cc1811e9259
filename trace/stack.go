package trace

import (
	"slices"
	"strings"
)

// hooked are the functions that capmon's programs are attached to:
// cap_capable, and those that it is inlined into (bpf/inlined.h).
var hooked = map[string]bool{
	"cap_capable":    true,
	"cap_capset":     true,
	"cap_task_prctl": true,
	"cap_mmap_addr":  true,
}

// TrimHook removes from a stack, innermost first, capmon's own hook: all that
// was called by the hooked function, which stays. Programs on fexit and on
// the tracepoint are called by it; a kprobe's stack begins there. Where it is
// not in the stack (inlined into its caller, or just returned) the frames of
// the eBPF machinery go.
func TrimHook(stack []string) []string {
	for i, f := range stack {
		if hooked[f] {
			return withoutReturnProbe(stack[i:])
		}
	}
	for i, f := range stack {
		if !isHook(f) {
			return stack[i:]
		}
	}
	return nil
}

// withoutReturnProbe removes what a return probe, perhaps of another program,
// put in the place of the caller (kernel/kprobes.c, kernel/trace/rethook.c).
func withoutReturnProbe(stack []string) []string {
	if len(stack) > 1 && isTrampoline(stack[1]) {
		return append(stack[:1:1], stack[2:]...)
	}
	return stack
}

// isTrampoline says whether a probed function returns to that one. Before Linux
// 5.15 it is also where the stack of a return probe ends.
func isTrampoline(function string) bool {
	return function == "kretprobe_trampoline" || function == "__kretprobe_trampoline" || function == "arch_rethook_trampoline"
}

func isHook(function string) bool {
	return isTrampoline(function) || strings.HasPrefix(function, "bpf_") || strings.HasPrefix(function, "__bpf_") ||
		strings.HasPrefix(function, "__traceiter_") || strings.HasPrefix(function, "__probestub_")
}

// wrappers are the functions between the caller that asks for a capability
// and cap_capable: kernel/capability.c, security/security.c,
// security/commoncap.c and the shorthands of subsystems
// (net/core/sock.c, net/netlink/af_netlink.c, kernel/bpf/token.c).
var wrappers = map[string]bool{
	"cap_capable":                   true,
	"cap_capable_helper":            true,
	"security_capable":              true,
	"capable":                       true,
	"ns_capable":                    true,
	"ns_capable_common":             true,
	"ns_capable_noaudit":            true,
	"ns_capable_setid":              true,
	"file_ns_capable":               true,
	"has_capability":                true,
	"has_capability_noaudit":        true,
	"has_ns_capability":             true,
	"has_ns_capability_noaudit":     true,
	"capable_wrt_inode_uidgid":      true,
	"ptracer_capable":               true,
	"sk_capable":                    true,
	"sk_ns_capable":                 true,
	"sk_net_capable":                true,
	"sockopt_capable":               true,
	"sockopt_ns_capable":            true,
	"netlink_capable":               true,
	"netlink_ns_capable":            true,
	"netlink_net_capable":           true,
	"__netlink_ns_capable":          true,
	"bpf_ns_capable":                true,
	"bpf_token_capable":             true,
	"bpf_capable":                   true,
	"perfmon_capable":               true,
	"checkpoint_restore_ns_capable": true,
}

// Asker is the kernel function that wanted to know: the first above the
// wrappers. It is empty without a stack.
func Asker(stack []string) string {
	for _, f := range stack {
		if f != "" && !wrappers[f] {
			return f
		}
	}
	return ""
}

// unaudited are the functions that ask with CAP_OPT_NOAUDIT, so that their
// mere presence above cap_capable says that a refusal is not to be logged.
var unaudited = map[string]bool{
	// kernel/capability.c
	"ns_capable_noaudit":        true,
	"has_ns_capability_noaudit": true,
	"has_capability_noaudit":    true,
	"ptracer_capable":           true,
	// Overcommit: mm/util.c, security/security.c, security/commoncap.c
	"__vm_enough_memory":           true,
	"security_vm_enough_memory_mm": true,
	"cap_vm_enough_memory":         true,
	// security_capable(…, CAP_OPT_NOAUDIT) without a wrapper:
	// kernel/ksyms_common.c, kernel/seccomp.c (before 5.17)
	"kallsyms_show_value":    true,
	"seccomp_prepare_filter": true,
}

// AuditedByStack says whether the check was made without CAP_OPT_NOAUDIT, as
// far as the stack tells: by the wrappers and the function that asked.
func AuditedByStack(stack []string) bool {
	for _, f := range stack {
		if unaudited[f] {
			return false
		}
		if f != "" && !wrappers[f] {
			return true
		}
	}
	return true
}

// Overcommit says whether the check was made by the test for overcommitted
// memory (mm/util.c), which asks for CAP_SYS_ADMIN on nearly every mmap, brk,
// fork and exec: it names the capability whether the command needs it or not.
func (c Check) Overcommit() bool {
	const where = "vm_enough_memory"
	if c.Audited {
		return false
	}
	return strings.Contains(c.Function, where) || slices.ContainsFunc(c.Stack, func(frame string) bool {
		return strings.Contains(frame, where)
	})
}
