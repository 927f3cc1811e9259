package doctor

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/backend"
)

// diagnosisText writes a diagnosis for a human: names in one column, what
// there is to say of them in the next.
type diagnosisText struct {
	strings.Builder
	style terminal.Screen
}

// Write writes a diagnosis for a human.
func Write(w io.Writer, s terminal.Screen, d Diagnosis) error {
	t := diagnosisText{style: s}
	t.machine(d.facts)
	t.self(d.facts)
	t.backends(d)
	t.conclusion(d)
	_, err := io.WriteString(w, t.String())
	return err
}

func (t *diagnosisText) heading(text string) { fmt.Fprintln(t, t.style.Strong.Sprint(text)) }

func (t *diagnosisText) line(name, text string) {
	fmt.Fprintf(t, "  %-26s %s\n", name, t.style.Hang(29, text))
}

func (t *diagnosisText) machine(f facts) {
	t.heading("Machine")
	t.line("kernel", f.Kernel)
	t.line("architecture", f.Architecture)
	t.line("BTF", t.yes(f.BTF))
	t.line("lockdown", lockdownText(f.Lockdown))
	t.line("security modules", orUnknown(strings.Join(f.SecurityModules, ", ")))
	t.line("unprivileged_bpf_disabled", number(f.UnprivilegedBPFDisabled))
	t.line("perf_event_paranoid", number(f.PerfEventParanoid))
	t.line("kptr_restrict", number(f.KptrRestrict))
	t.line("kernel symbols", map[bool]string{true: "readable", false: "hidden"}[f.Symbols])
	if f.Cgroup2 == "" {
		f.Cgroup2 = "not mounted"
	}
	t.line("cgroup2", f.Cgroup2)
}

func (t *diagnosisText) self(f facts) {
	t.heading("capmon")
	t.line("uid", strconv.Itoa(f.UID))
	t.line("ambient capabilities", t.yes(f.Ambient))
	t.line("can grant", fmt.Sprintf("%d of %d capabilities", f.Holds.Len(), f.Holds.Len()+f.Lacks.Len()))
	if f.Lacks != 0 {
		t.line("cannot grant", nameSome(f.Lacks))
	}
	if f.Seccomp {
		t.line("seccomp", "a filter is on capmon")
	}
	if f.UserNamespace {
		t.line("user namespace", "not the initial one")
	}
}

func (t *diagnosisText) backends(d Diagnosis) {
	t.heading("Backends")
	for _, b := range d.Backends {
		if b.Sees {
			t.line(b.Name, t.yes(true)+"  loads, attaches, and saw capmon's own test: "+describeProbe(*b.Check))
			continue
		}
		t.line(b.Name, t.yes(false)+"   "+b.Problem)
		if b.Help != "" {
			t.line("", "     "+t.style.Faint.Sprint(b.Help))
		}
	}
	if d.Discover == notAtAll {
		t.line(backend.None, t.yes(false)+"   discover cannot run, see below")
		return
	}
	t.line(backend.None, t.yes(true)+"  finds the set by searching alone")
}

// describeProbe is the check that capmon made, as it was seen.
func describeProbe(c trace.Check) string {
	what := "refused"
	if c.Verdict == trace.Pass {
		what = "granted"
	}
	text := fmt.Sprintf("%s %s in %s", c.Cap, what, c.Syscall)
	if c.Function != "" {
		text += " -> " + c.Function
	}
	return text
}

func (t *diagnosisText) conclusion(d Diagnosis) {
	fmt.Fprintln(t)
	traces := d.Uses != "" && d.Uses != backend.None
	switch d.Discover {
	case withEvidence:
		t.say("", "capmon discover, capmon '<cmd>' and capmon monitor use %s.", t.style.Strong.Sprint(d.Uses))
		t.say("", "capmon discover --backend none works too: by searching alone, without evidence.")
	case bySearching:
		t.say("", "capmon discover works %s: without evidence.", t.style.Strong.Sprint("by searching only"))
		t.say("", "capmon '<cmd>' and capmon monitor need a backend, and do not work here.")
	case notAtAll:
		t.say("", "%s", t.style.Strong.Sprint("capmon discover does not work here."))
		if traces {
			t.say("", "capmon '<cmd>' and capmon monitor can use %s.", d.Uses)
		}
	}
	for _, advice := range d.Advice {
		t.say("- ", "%s", terminal.Sentence(advice))
	}
}

// say writes a paragraph behind a lead.
func (t *diagnosisText) say(lead, format string, args ...any) {
	fmt.Fprintln(t, lead+t.style.Hang(len(lead), fmt.Sprintf(format, args...)))
}

func (t *diagnosisText) yes(yes bool) string {
	if yes {
		return t.style.Pass.Sprint("yes")
	}
	return t.style.Fail.Sprint("no")
}

func lockdownText(mode string) string {
	if mode == lockdownUnknown {
		return "unknown: it takes root, or securityfs mounted on " + securityMount
	}
	return mode
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}

func number(n *int) string {
	if n == nil {
		return "unknown"
	}
	return strconv.Itoa(*n)
}
