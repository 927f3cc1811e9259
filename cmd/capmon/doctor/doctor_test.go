package doctor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/internal/schematest"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/backend"
	"github.com/capmon/capmon/trace/follow"
)

var everyCap = caps.Set(1<<41 - 1)

func files(contents map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range contents {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// goodMachine is one where all is as it should be.
func goodMachine() Machine {
	return Machine{
		files: files(map[string]string{
			"sys/kernel/btf/vmlinux":                    "",
			"sys/bus/event_source/devices/kprobe/type":  "8\n",
			"proc/sys/kernel/unprivileged_bpf_disabled": "2\n",
			"proc/sys/kernel/perf_event_paranoid":       "-1\n",
			"proc/sys/kernel/kptr_restrict":             "0\n",
			"proc/self/status":                          "Name:\tcapmon\nSeccomp:\t0\nSeccomp_filters:\t0\n",
			"proc/self/uid_map":                         "         0          0 4294967295\n",
			"proc/self/mountinfo":                       "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
		}),
		security: files(map[string]string{"lockdown": "[none] integrity confidentiality\n", "lsm": "lockdown,capability,yama"}),
		release:  "6.14.0-1-amd64", architecture: "x86_64",
		held: everyCap, grantable: everyCap, known: everyCap, ambient: true,
		symbols: func() (bool, error) { return true, nil },
		probe:   sees,
	}
}

func sees(name string) follow.Probe {
	return follow.Probe{Backend: name, Loaded: true, Attached: true, Saw: true, Check: trace.Check{
		Cap: caps.DACReadSearch, Verdict: trace.Fail, Syscall: "execve", Returned: true, Return: -int64(unix.EACCES),
		Function: "generic_permission",
	}}
}

// fails is a probe that comes to nothing for those backends.
func fails(err error, names ...string) func(string) follow.Probe {
	return func(name string) follow.Probe {
		if slices.Contains(names, name) {
			return follow.Probe{Backend: name, Err: fmt.Errorf("load eBPF programs: %w", err)}
		}
		return sees(name)
	}
}

func allFail(err error) func(string) follow.Probe { return fails(err, backend.Names()...) }

func TestDoctorWhenAllIsWell(t *testing.T) {
	d := Diagnose(goodMachine())
	if d.Status() != 0 || d.Discover != withEvidence || d.Uses != "fexit" || len(d.Advice) > 0 {
		t.Errorf("%+v", d)
	}
	paranoid, kptr, bpfDisabled := -1, 0, 2
	want := facts{
		Kernel: "6.14.0-1-amd64", Architecture: "x86_64", BTF: true, Lockdown: "none",
		SecurityModules:         []string{"lockdown", "capability", "yama"},
		UnprivilegedBPFDisabled: &bpfDisabled, PerfEventParanoid: &paranoid, KptrRestrict: &kptr,
		Symbols: true, Cgroup2: "/sys/fs/cgroup", Ambient: true, Holds: everyCap,
		held: everyCap, kprobes: true, takesPrograms: true,
	}
	if diff := cmp.Diff(want, d.facts, cmp.AllowUnexported(facts{})); diff != "" {
		t.Error(diff)
	}
}

// Why a backend does not work, and what would help.
func TestDoctorExplains(t *testing.T) {
	// As the kernel's refusals reach us.
	eperm := fmt.Errorf("program x: load program: %w", syscall.EPERM)
	unsupported := fmt.Errorf("attach x: %w", ebpf.ErrNotSupported)
	for _, test := range []struct {
		name          string
		change        func(*Machine)
		backend       string
		problem, help string
	}{
		{"no BTF", func(m *Machine) {
			delete(m.files.(fstest.MapFS), "sys/kernel/btf/vmlinux")
			m.probe = allFail(errors.New("whatever"))
		}, "kprobe", "no BTF", "CONFIG_DEBUG_INFO_BTF=y"},
		{"sees nothing", func(m *Machine) {
			m.probe = func(name string) follow.Probe {
				return follow.Probe{Backend: name, Loaded: true, Attached: true, Err: follow.ErrUnseen}
			}
		}, "fexit", "does not see a check", "report"},
		{"not root", func(m *Machine) { m.uid, m.held, m.grantable, m.probe = 1000, 0, 0, allFail(eperm) },
			"fexit", "takes root", "sudo"},
		{"a container's root", func(m *Machine) {
			m.files.(fstest.MapFS)[".dockerenv"] = &fstest.MapFile{}
			m.held, m.grantable, m.probe = 0xa80425fb, 0xa80425fb, allFail(eperm)
		}, "fexit", "neither CAP_SYS_ADMIN nor both CAP_BPF and CAP_PERFMON", "--cap-add=BPF --cap-add=PERFMON"},
		{"a stripped root", func(m *Machine) { m.held, m.grantable, m.probe = 0xa80425fb, 0xa80425fb, allFail(eperm) },
			"fexit", "neither CAP_SYS_ADMIN nor both CAP_BPF and CAP_PERFMON", "setcap cap_bpf,cap_perfmon=ep"},
		{"CAP_BPF alone", func(m *Machine) { m.held = caps.NewSet(caps.BPF); m.probe = allFail(eperm) },
			"tracepoint", "neither CAP_SYS_ADMIN", "cap_perfmon"},
		{"a user namespace", func(m *Machine) {
			m.files.(fstest.MapFS)["proc/self/uid_map"] = &fstest.MapFile{Data: []byte("0 100000 65536\n")}
			m.probe = allFail(eperm)
		}, "fexit", "user namespace", "outside"},
		{"a filter that says EPERM", func(m *Machine) { filtered(m); m.probe = allFail(eperm) },
			"fexit", "seccomp filter", "without this filter"},
		{"a filter of a container", func(m *Machine) {
			filtered(m)
			m.files.(fstest.MapFS)["run/.containerenv"] = &fstest.MapFile{}
			m.probe = allFail(eperm)
		}, "fexit", "seccomp filter", "--privileged"},
		{"a filter that says ENOSYS", func(m *Machine) { filtered(m); m.probe = allFail(syscall.ENOSYS) },
			"kprobe", "seccomp filter", "without this filter"},
		{"a filter that is not it", func(m *Machine) { filtered(m); m.probe = fails(eperm, "fexit") },
			"fexit", "though it takes another backend's", "another backend"},
		{"no bpf", func(m *Machine) { m.probe = allFail(syscall.ENOSYS) }, "fexit", "no bpf", "CONFIG_BPF_SYSCALL=y"},
		{"confidentiality", func(m *Machine) { lockedDown(m, "none integrity [confidentiality]"); m.probe = allFail(eperm) },
			"kprobe", "locked down (confidentiality)", "lockdown=integrity"},
		{"confidentiality, as the verifier has it", func(m *Machine) {
			lockedDown(m, "none integrity [confidentiality]")
			m.probe = func(name string) follow.Probe {
				return follow.Probe{Backend: name, Err: fmt.Errorf("load program: %w", syscall.EINVAL)}
			}
		}, "tracepoint", "locked down (confidentiality)", "lockdown=integrity"},
		{"integrity", func(m *Machine) { lockedDown(m, "none [integrity] confidentiality"); m.probe = fails(eperm, "fexit") },
			"fexit", "EPERM), though it takes another backend's programs; it is locked down (integrity)", "another backend"},
		{"hardened", func(m *Machine) { m.probe = allFail(eperm) }, "fexit", "EPERM), though capmon has the capabilities", "without this restriction"},
		{"locked memory", func(m *Machine) {
			m.release, m.held, m.probe = "5.10.0-30-amd64", everyCap.Without(caps.SysResource), allFail(eperm)
		}, "fexit", "locked memory", "ulimit -l"},
		{"before 6.14", func(m *Machine) { m.release, m.probe = "6.13.9", fails(unsupported, "tracepoint") },
			"tracepoint", "came with Linux 6.14", "6.14"},
		{"no tracepoints", func(m *Machine) { m.probe = fails(unsupported, "tracepoint") },
			"tracepoint", "no tracepoint", "CONFIG_TRACEPOINTS=y"},
		{"fexit on old arm64", func(m *Machine) {
			m.release, m.architecture, m.probe = "6.1.0-9-arm64", "aarch64", fails(unsupported, "fexit")
		}, "fexit", "came to arm64 with Linux 6.4", "6.4"},
		{"no fexit", func(m *Machine) { m.probe = fails(unsupported, "fexit") },
			"fexit", "lacks what fexit needs", "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y"},
		{"no kprobes", func(m *Machine) {
			delete(m.files.(fstest.MapFS), "sys/bus/event_source/devices/kprobe/type")
			m.files.(fstest.MapFS)["sys/bus/event_source/devices/cpu/type"] = &fstest.MapFile{}
			m.probe = fails(errors.New("neither debugfs nor tracefs are mounted"), "kprobe")
		}, "kprobe", "built without kprobes", "CONFIG_KPROBES=y"},
		{"something else", func(m *Machine) { m.probe = allFail(syscall.ENOMEM) }, "kprobe", "it does not load: cannot allocate memory", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := goodMachine()
			test.change(&m)
			d := Diagnose(m)
			for _, b := range d.Backends {
				if b.Name != test.backend {
					continue
				}
				if !strings.Contains(b.Problem, test.problem) || !strings.Contains(b.Help, test.help) || (test.help == "") != (b.Help == "") {
					t.Errorf("%q, %q", b.Problem, b.Help)
				}
			}
			validateDoctor(t, d)
		})
	}
}

func filtered(m *Machine) {
	m.files.(fstest.MapFS)["proc/self/status"] = &fstest.MapFile{Data: []byte("Seccomp:\t2\n")}
}

func lockedDown(m *Machine, modes string) {
	m.security.(fstest.MapFS)["lockdown"] = &fstest.MapFile{Data: []byte(modes + "\n")}
}

func TestDoctorConcludes(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Machine)
		status int
		uses   string
		// advice are words of what is advised, one an item.
		advice []string
		// text is in what is printed.
		text string
	}{
		{"the second best", func(m *Machine) { m.probe = fails(syscall.EPERM, "fexit") }, 0, "tracepoint", nil,
			"capmon monitor use tracepoint."},
		{"the best is blind", func(m *Machine) {
			m.probe = func(name string) follow.Probe {
				if name == "fexit" {
					return follow.Probe{Backend: name, Loaded: true, Attached: true, Err: follow.ErrUnseen}
				}
				return sees(name)
			}
		}, 0, "tracepoint", nil, "does not see a check"},
		{"no backend", func(m *Machine) { m.probe = allFail(syscall.EPERM) }, 3, "none", []string{"for fexit, tracepoint, kprobe: use a kernel"},
			"works by searching only"},
		{"not root", func(m *Machine) { m.uid, m.held, m.grantable, m.probe = 1000, 0, 0, allFail(syscall.EPERM) }, 1, "",
			[]string{"only root can grant"}, "does not work here"},
		{"not root, with CAP_BPF", func(m *Machine) { m.uid = 1000 }, 1, "fexit", []string{"only root"}, "capmon monitor can use fexit"},
		{"no ambient capabilities", func(m *Machine) { m.ambient = false }, 1, "fexit", []string{"Linux 4.3"}, "does not work here"},
		{"nothing to grant", func(m *Machine) { m.grantable = 0 }, 1, "fexit", []string{"no capability that capmon could grant"}, "0 of 41"},
		{"less to grant", func(m *Machine) { m.grantable = everyCap.Without(caps.SysResource) }, 0, "fexit",
			[]string{"will not succeed: CAP_SYS_RESOURCE"}, "40 of 41 capabilities"},
		{"much less to grant", func(m *Machine) { m.grantable = caps.NewSet(caps.NetAdmin) }, 0, "fexit",
			[]string{"CAP_FOWNER and 36 others"}, "1 of 41"},
		{"hidden names", func(m *Machine) { m.symbols = noSymbols }, 0, "fexit", []string{"names of kernel functions are hidden"}, "symbols             hidden"},
		{"hidden names on the tracepoint", func(m *Machine) { m.symbols, m.probe = noSymbols, fails(syscall.EPERM, "fexit") }, 0, "tracepoint",
			[]string{"every check counts as audited; sysctl kernel.kptr_restrict=1"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := goodMachine()
			test.change(&m)
			d := Diagnose(m)
			if d.Status() != test.status || d.Uses != test.uses || len(d.Advice) != len(test.advice) {
				t.Fatalf("status %d, uses %q, advice %q", d.Status(), d.Uses, d.Advice)
			}
			for i, words := range test.advice {
				if !strings.Contains(d.Advice[i], words) {
					t.Errorf("advice %q", d.Advice[i])
				}
			}
			var out bytes.Buffer
			if err := Write(&out, terminal.NewScreen(&out, terminal.Never), d); err != nil || !strings.Contains(out.String(), test.text) {
				t.Errorf("%v\n%s", err, out.String())
			}
			validateDoctor(t, d)
		})
	}
}

func noSymbols() (bool, error) { return false, nil }

// Where nothing can be read, doctor says so and goes on.
func TestDoctorKnowsNothing(t *testing.T) {
	m := goodMachine()
	m.files, m.security, m.probe = fstest.MapFS{}, nil, allFail(syscall.EPERM)
	m.symbols = func() (bool, error) { return false, errors.New("no /proc") }
	d := Diagnose(m)
	if d.Lockdown != "unknown" || d.SecurityModules != nil || d.KptrRestrict != nil || d.Symbols || d.Cgroup2 != "" {
		t.Errorf("%+v", d.facts)
	}
	var out bytes.Buffer
	if err := Write(&out, terminal.NewScreen(&out, terminal.Never), d); err != nil || strings.Count(out.String(), "unknown") != 5 {
		t.Errorf("%v\n%s", err, out.String())
	}
	validateDoctor(t, d)
}

func TestDoctorLockdown(t *testing.T) {
	for text, want := range map[string]string{
		"[none] integrity confidentiality\n": "none",
		"none integrity [confidentiality]\n": "confidentiality",
		"strange":                            "unknown",
	} {
		m := goodMachine()
		lockedDown(&m, strings.TrimSuffix(text, "\n"))
		if got := m.lockdown(); got != want {
			t.Errorf("%q is %s", text, got)
		}
	}
	m := goodMachine()
	delete(m.security.(fstest.MapFS), "lockdown")
	if got := m.lockdown(); got != "not built in" {
		t.Errorf("without the file it is %s", got)
	}
}

// securityfs can be read though it is mounted nowhere, and is not mounted
// after.
func TestSecurityFS(t *testing.T) {
	testenv.NeedRoot(t, "mounting securityfs")
	before, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	m := Machine{security: securityFS()}
	if !slices.Contains(m.securityModules(), "capability") {
		t.Errorf("security modules are %q", m.securityModules())
	}
	after, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the mounts changed, or %v", err)
	}
}

// On this machine, doctor says what the tests of the tracer find as well.
func TestDoctorHere(t *testing.T) {
	testenv.NeedRoot(t, "loading eBPF programs")
	d := Diagnose(ThisMachine())
	validateDoctor(t, d)
	for _, b := range d.Backends {
		tracer, err := follow.Open(b.Name)
		if b.Sees != (err == nil) {
			t.Errorf("%s: doctor says %+v, opening it %v", b.Name, b, err)
		}
		tracer.Close()
		if (b.Problem == "") != b.Sees || (b.Check != nil) != b.Sees {
			t.Errorf("%+v", b)
		}
	}
}

func validateDoctor(t *testing.T, d Diagnosis) {
	t.Helper()
	schema := schematest.Compile(t, "doctor")
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err == nil {
		err = schema.Validate(doc)
	}
	if err != nil {
		t.Errorf("%s: %v", text, err)
	}
}
