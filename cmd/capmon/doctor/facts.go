package doctor

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/cmd/capmon/cgroup"
	"github.com/capmon/capmon/trace/backend"
	"github.com/capmon/capmon/trace/follow"
)

// Machine is where capmon doctor looks.
type Machine struct {
	// files is the root of the file system.
	files fs.FS
	// security is securityfs, which need not be mounted; nil if it cannot be
	// had.
	security              fs.FS
	release, architecture string
	uid                   int
	// held is what capmon's threads may do, grantable what a command can be
	// given, known what the kernel has.
	held, grantable, known caps.Set
	ambient                bool
	symbols                func() (bool, error)
	probe                  func(backend string) follow.Probe
}

// facts are what there is to know before anything is tried.
type facts struct {
	Kernel       string `json:"kernel"`
	Architecture string `json:"architecture"`
	BTF          bool   `json:"btf"`
	// Lockdown is the mode of kernel_lockdown(7), "not built in", or
	// "unknown".
	Lockdown string `json:"lockdown"`
	// SecurityModules is null where they are not known.
	SecurityModules []string `json:"security_modules"`
	// The sysctls kernel.*, null where the kernel has none of that name.
	UnprivilegedBPFDisabled *int `json:"unprivileged_bpf_disabled"`
	PerfEventParanoid       *int `json:"perf_event_paranoid"`
	KptrRestrict            *int `json:"kptr_restrict"`
	// Symbols: kernel functions can be named.
	Symbols bool `json:"kernel_symbols"`
	// Cgroup2 is where it is mounted, "" if it is not.
	Cgroup2 string `json:"cgroup2"`
	// Seccomp: a filter is on capmon. UserNamespace: it runs in one that is
	// not the initial one.
	Seccomp       bool `json:"seccomp_filter"`
	UserNamespace bool `json:"in_user_namespace"`
	// UID is the real user.
	UID     int  `json:"uid"`
	Ambient bool `json:"ambient_capabilities"`
	// Holds is what a command can be granted, Lacks the rest.
	Holds caps.Set `json:"holds"`
	Lacks caps.Set `json:"lacks"`

	held caps.Set
	// containerHelp is Machine.containerHelp.
	containerHelp string
	// kprobes: the kernel has them, as far as is known.
	kprobes bool
	// takesPrograms: the kernel let capmon load some backend.
	takesPrograms bool
}

// ThisMachine is the one that capmon runs on.
func ThisMachine() Machine {
	return Machine{
		files: os.DirFS("/"), security: securityFS(),
		release: KernelRelease(), architecture: architecture(), uid: os.Getuid(),
		held: heldCapabilities(), grantable: launch.Grantable(), known: 1<<cap.MaxBits() - 1,
		ambient: hasAmbient(),
		symbols: backend.HasSymbols, probe: follow.ProbeBackend,
	}
}

func (m Machine) facts() facts {
	f := facts{
		Kernel: m.release, Architecture: m.architecture, UID: m.uid, Ambient: m.ambient,
		Holds: m.grantable, Lacks: m.known.Minus(m.grantable), held: m.held,
		BTF:                     m.exists("sys/kernel/btf/vmlinux"),
		UnprivilegedBPFDisabled: m.sysctl("unprivileged_bpf_disabled"),
		PerfEventParanoid:       m.sysctl("perf_event_paranoid"),
		KptrRestrict:            m.sysctl("kptr_restrict"),
		// If there is no sysfs, attaching has to tell.
		kprobes: m.exists("sys/bus/event_source/devices/kprobe") || !m.exists("sys/bus/event_source/devices"),
	}
	hasSymbols, err := m.symbols()
	f.Symbols = err == nil && hasSymbols
	f.Lockdown, f.SecurityModules = m.lockdown(), m.securityModules()
	if mounts, err := fs.ReadFile(m.files, "proc/self/mountinfo"); err == nil {
		f.Cgroup2, _ = cgroup.Mount(bytes.NewReader(mounts))
	}
	// 2 is SECCOMP_MODE_FILTER (linux/seccomp.h).
	f.Seccomp = m.statusField("Seccomp") == "2"
	f.UserNamespace = m.inUserNamespace()
	f.containerHelp = m.containerHelp()
	return f
}

func (m Machine) exists(path string) bool {
	_, err := fs.Stat(m.files, path)
	return err == nil
}

func (m Machine) sysctl(name string) *int {
	text, err := fs.ReadFile(m.files, "proc/sys/kernel/"+name)
	if err != nil {
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return nil
	}
	return &n
}

// statusField is a field of /proc/self/status (proc(5)).
func (m Machine) statusField(name string) string {
	text, err := fs.ReadFile(m.files, "proc/self/status")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// inUserNamespace: only the initial one maps every user to itself
// (user_namespaces(7)).
func (m Machine) inUserNamespace() bool {
	text, err := fs.ReadFile(m.files, "proc/self/uid_map")
	return err == nil && strings.Join(strings.Fields(string(text)), " ") != "0 0 4294967295"
}

// The two answers beside the modes of kernel_lockdown(7).
const (
	lockdownAbsent  = "not built in"
	lockdownUnknown = "unknown"
)

// lockdown takes "[none] integrity confidentiality", where the mode in force
// is in brackets.
func (m Machine) lockdown() string {
	if m.security == nil {
		return lockdownUnknown
	}
	text, err := fs.ReadFile(m.security, "lockdown")
	if err != nil {
		return lockdownAbsent
	}
	_, rest, _ := strings.Cut(string(text), "[")
	mode, _, ok := strings.Cut(rest, "]")
	if !ok {
		return lockdownUnknown
	}
	return mode
}

func (m Machine) securityModules() []string {
	if m.security == nil {
		return nil
	}
	text, err := fs.ReadFile(m.security, "lsm")
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(text)), ",")
}

const securityMount = "/sys/kernel/security"

// securityFS is securityfs where it is mounted, or else a mount of it that
// nobody else sees and that ends with capmon.
func securityFS() fs.FS {
	var st unix.Statfs_t
	if unix.Statfs(securityMount, &st) == nil && st.Type == unix.SECURITYFS_MAGIC {
		return os.DirFS(securityMount)
	}
	mount, err := detachedMount("securityfs")
	if err != nil {
		return nil
	}
	return os.DirFS(fmt.Sprintf("/proc/self/fd/%d", mount))
}

// detachedMount mounts a file system without a place for it (fsmount(2)).
func detachedMount(name string) (int, error) {
	context, err := unix.Fsopen(name, unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, err
	}
	defer unix.Close(context)
	if err := unix.FsconfigCreate(context); err != nil {
		return -1, err
	}
	return unix.Fsmount(context, unix.FSMOUNT_CLOEXEC, unix.MOUNT_ATTR_RDONLY)
}

// KernelRelease is what uname -r prints.
func KernelRelease() string {
	var u unix.Utsname
	// Cannot fail with a good pointer.
	_ = unix.Uname(&u)
	return unix.ByteSliceToString(u.Release[:])
}

func architecture() string {
	var u unix.Utsname
	// Cannot fail with a good pointer.
	_ = unix.Uname(&u)
	return unix.ByteSliceToString(u.Machine[:])
}

// hasAmbient asks whether a capability is ambient, which kernels before 4.3 do
// not understand (prctl(2)).
func hasAmbient() bool {
	return unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET, 0, 0, 0) == nil
}

// heldCapabilities is capmon's own effective set.
func heldCapabilities() caps.Set {
	held := cap.GetProc()
	var s caps.Set
	for c := cap.Value(0); c < cap.MaxBits(); c++ {
		if on, err := held.GetFlag(cap.Effective, c); err == nil && on {
			s = s.With(caps.Cap(c))
		}
	}
	return s
}
