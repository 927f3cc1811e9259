package doctor

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/trace/follow"
)

// A cause is one reason for which a backend may not work.
type cause struct {
	applies       bool
	problem, help string
}

// explain says why a backend does not work, and what would help: the first
// cause that applies.
func (f facts) explain(p follow.Probe) (problem, help string) {
	for _, causes := range [][]cause{f.ofTheMachine(p), f.ofPrivilege(p), f.ofHardening(p), f.ofTheKernel(p)} {
		for _, c := range causes {
			if c.applies {
				return c.problem, c.help
			}
		}
	}
	stage := "it does not load"
	switch {
	case p.Attached:
		stage = "it cannot be tested"
	case p.Loaded:
		stage = "it does not attach"
	}
	return fmt.Sprintf("%s: %v", stage, exit.RootCause(p.Err)), ""
}

func (f facts) ofTheMachine(p follow.Probe) []cause {
	return []cause{
		{!f.BTF, "the kernel has no BTF (/sys/kernel/btf/vmlinux)",
			"use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as distributions do since 2020"},
		{errors.Is(p.Err, follow.ErrUnseen), "it loads and attaches, and does not see a check that capmon had the kernel make",
			"please report this, with what capmon doctor --json prints"},
	}
}

// refused says whether the kernel forbade to load or attach.
func refused(p follow.Probe) bool {
	return errors.Is(p.Err, unix.EPERM) || errors.Is(p.Err, unix.EACCES)
}

func (f facts) ofPrivilege(p follow.Probe) []cause {
	return []cause{
		{refused(p) && f.UserNamespace, "capmon runs in a user namespace, whose root may not trace the kernel",
			"run it outside, on the container's host"},
		{refused(p) && f.UID != 0 && !f.mayTrace(), "it takes root to load it",
			"use sudo"},
		{refused(p) && !f.mayTrace(), "capmon holds neither CAP_SYS_ADMIN nor both CAP_BPF and CAP_PERFMON",
			fallback(f.containerHelp, "use sudo, or put them on the file: setcap cap_bpf,cap_perfmon=ep on capmon")},
		// A filter answers with either error.
		{!f.takesPrograms && f.Seccomp && (refused(p) || errors.Is(p.Err, unix.ENOSYS)),
			"a seccomp filter is on capmon, as container engines set one, and seems to forbid bpf(2)",
			fallback(f.containerHelp, "run capmon without this filter")},
	}
}

func fallback(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}

// mayTrace says whether capmon has what loading takes (capabilities(7)).
func (f facts) mayTrace() bool {
	return f.held.Has(caps.SysAdmin) || f.held.Has(caps.BPF) && f.held.Has(caps.Perfmon)
}

func (f facts) ofHardening(p follow.Probe) []cause {
	const unlock = "boot with lockdown=integrity or without lockdown; Secure Boot can turn it on"
	return []cause{
		{errors.Is(p.Err, unix.ENOSYS), "the kernel has no bpf(2)",
			"use a kernel built with CONFIG_BPF_SYSCALL=y"},
		// Where the helpers that read memory are forbidden, the verifier calls
		// them unknown: EINVAL.
		{!p.Loaded && f.Lockdown == "confidentiality", "the kernel is locked down (confidentiality) and lets nothing read its memory",
			unlock},
		{refused(p) && !p.Loaded && f.before(5, 11) && !f.held.Has(caps.SysResource),
			"the limit of locked memory may be too low, and capmon lacks CAP_SYS_RESOURCE to raise it", "ulimit -l unlimited"},
		{refused(p) && f.takesPrograms, "the kernel refuses it (" + errnoText(p.Err) + "), though it takes another backend's programs" + f.lockedDown(),
			"use another backend, or a kernel without this restriction"},
		{refused(p), "the kernel refuses it (" + errnoText(p.Err) + "), though capmon has the capabilities that it takes" + f.lockedDown(),
			"use a kernel without this restriction"},
	}
}

// lockedDown mentions a lockdown that is known and mild: it does not forbid
// tracing by itself, but kernels that have it may be hardened otherwise.
func (f facts) lockedDown() string {
	if f.Lockdown != "integrity" {
		return ""
	}
	return "; it is locked down (integrity)"
}

func errnoText(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return unix.ErrnoName(errno)
	}
	return exit.RootCause(err).Error()
}

func (f facts) ofTheKernel(p follow.Probe) []cause {
	unsupported := errors.Is(p.Err, ebpf.ErrNotSupported)
	const arm64 = "aarch64"
	return []cause{
		{p.Backend == "tracepoint" && !p.Loaded && f.before(6, 14), "the kernel has no tracepoint cap_capable, which came with Linux 6.14",
			"use a kernel of 6.14 or later"},
		{p.Backend == "tracepoint" && !p.Loaded && unsupported, "the kernel has no tracepoint cap_capable",
			"use a kernel built with CONFIG_TRACEPOINTS=y"},
		{p.Backend == "fexit" && unsupported && f.Architecture == arm64 && f.before(6, 4), "fexit came to arm64 with Linux 6.4",
			"use a kernel of 6.4 or later"},
		{p.Backend == "fexit" && unsupported, "the kernel lacks what fexit needs",
			"use a kernel built with CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y"},
		{p.Backend == "kprobe" && !f.kprobes, "the kernel is built without kprobes",
			"use a kernel built with CONFIG_KPROBES=y and CONFIG_KPROBE_EVENTS=y"},
	}
}

// before says whether the kernel is older than that release.
func (f facts) before(major, minor int) bool {
	var a, b int
	if _, err := fmt.Sscanf(f.Kernel, "%d.%d", &a, &b); err != nil {
		return false
	}
	return a < major || a == major && b < minor
}
