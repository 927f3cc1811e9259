// Package doctor says what works on this machine, and what to do about the
// rest.
package doctor

import (
	"fmt"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/version"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/backend"
	"github.com/capmon/capmon/trace/follow"
)

// schema names the form of the JSON, docs/doctor.schema.json.
const schema = "capmon.doctor/1"

// Diagnosis is what capmon doctor found out.
type Diagnosis struct {
	Schema string `json:"schema"`
	// Version is that of capmon.
	Version string `json:"version"`
	facts
	Backends []backendReport `json:"backends"`
	// Discover is how discover can run here.
	Discover discoverMode `json:"discover"`
	// Uses is the backend that capmon takes, "none" if only discover can run,
	// "" if nothing can.
	Uses string `json:"uses"`
	// Advice is what would make more work, and what is lacking.
	Advice []string `json:"advice"`
}

// discoverMode is how discover can run.
type discoverMode string

const (
	withEvidence discoverMode = "with evidence"
	bySearching  discoverMode = "by searching"
	notAtAll     discoverMode = "not at all"
)

// backendReport is how far one backend came, and why no further.
type backendReport struct {
	Name     string `json:"name"`
	Loads    bool   `json:"loads"`
	Attaches bool   `json:"attaches"`
	// Sees: it saw the check that capmon made.
	Sees bool `json:"sees"`
	// Check is what it saw of the check that capmon had the kernel make.
	Check *trace.Check `json:"check,omitempty"`
	// Problem is why it does not work, Help what would, Error what the kernel
	// or the library said.
	Problem string `json:"problem"`
	Help    string `json:"help"`
	Error   string `json:"error"`
}

// Diagnose puts every backend to the test on the machine.
func Diagnose(m Machine) Diagnosis {
	d := Diagnosis{Schema: schema, Version: version.Read().Version, facts: m.facts()}
	var probes []follow.Probe
	for _, name := range backend.Names() {
		p := m.probe(name)
		d.takesPrograms = d.takesPrograms || p.Loaded
		probes = append(probes, p)
	}
	for _, p := range probes {
		r := d.report(p)
		if r.Sees && d.Uses == "" {
			d.Uses = r.Name
		}
		d.Backends = append(d.Backends, r)
	}
	d.decide()
	return d
}

func (f facts) report(p follow.Probe) backendReport {
	r := backendReport{Name: p.Backend, Loads: p.Loaded, Attaches: p.Attached, Sees: p.Saw}
	if p.Saw {
		r.Check = &p.Check
	}
	if p.Err != nil {
		r.Problem, r.Help = f.explain(p)
		r.Error = p.Err.Error()
	}
	return r
}

// decide says how discover can run, and what to do about it.
func (d *Diagnosis) decide() {
	d.Advice = []string{}
	obstacle := d.obstacle()
	switch {
	case obstacle != "":
		d.Discover = notAtAll
		d.Advice = append(d.Advice, obstacle)
	case d.Uses != "":
		d.Discover = withEvidence
	default:
		d.Discover, d.Uses = bySearching, backend.None
		d.Advice = append(d.Advice, d.helps()...)
	}
	d.Advice = append(d.Advice, d.warnings()...)
}

// obstacle says why discover cannot run even without a backend; "" if it can.
func (d *Diagnosis) obstacle() string {
	switch {
	case d.UID != 0:
		return "only root can grant capabilities to a command: use sudo"
	case !d.Ambient:
		return "the kernel has no ambient capabilities (Linux 4.3), without which none can be granted to a command: use a newer kernel"
	case d.Holds == 0:
		return "there is no capability that capmon could grant: start it with some, as a container engine's --cap-add gives them"
	}
	return ""
}

// helps are what would make a backend work, the best first.
func (d *Diagnosis) helps() []string {
	var helps []string
	names := map[string][]string{}
	for _, b := range d.Backends {
		if b.Help != "" && names[b.Help] == nil {
			helps = append(helps, b.Help)
		}
		names[b.Help] = append(names[b.Help], b.Name)
	}
	for i, help := range helps {
		helps[i] = fmt.Sprintf("for %s: %s", strings.Join(names[help], ", "), help)
	}
	return helps
}

// warnings lists problems that degrade capmon without stopping it.
func (d *Diagnosis) warnings() []string {
	var texts []string
	if d.Lacks != 0 && d.Discover != notAtAll {
		texts = append(texts, "what capmon lacks it cannot grant: a command that needs one of these will not succeed: "+nameSome(d.Lacks))
	}
	if d.Uses != "" && d.Uses != backend.None && !d.Symbols {
		text := "the names of kernel functions are hidden: checks come without the function that asked and without its stack, and of netlink requests it is not known which refusal mattered"
		if d.Uses == "tracepoint" {
			text += ", and every check counts as audited"
		}
		texts = append(texts, text+"; sysctl kernel.kptr_restrict=1 shows them to root")
	}
	return texts
}

// Status is the exit status of capmon doctor.
func (d *Diagnosis) Status() int {
	switch d.Discover {
	case withEvidence:
		return exit.OK
	case bySearching:
		return exit.Unproven
	}
	return exit.NotFound
}

// nameSome names capabilities, and of many the first only.
func nameSome(set caps.Set) string {
	const most = 4
	names := set.Names()
	if rest := len(names) - most; rest > 0 {
		return fmt.Sprintf("%s and %d others", strings.Join(names[:most], ", "), rest)
	}
	return strings.Join(names, ", ")
}
