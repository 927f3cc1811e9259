package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/backend"
	"github.com/capmon/capmon/trace/follow"
)

// The exit statuses of capmon doctor.
const (
	exitEvidence  = 0 // discover can run, and say why
	exitNothing   = 1 // it cannot run
	exitSearching = 3 // it can run, without tracing
)

func doctorCommand(s streams) *cli.Command {
	return &cli.Command{
		Name:  "doctor",
		Usage: "say what works on this machine, and what to do about the rest",
		Description: "Looks at the kernel and at what capmon may do, then puts each backend to the test: loads it, attaches\n" +
			"it, and looks whether it sees a capability check that capmon itself has the kernel make. Changes\n" +
			"nothing.\n\n" +
			"Exit status: 0 discover can run with evidence; 3 only by searching (--backend none); 1 not at all;\n" +
			"2 wrong usage; 125 capmon failed.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print it as JSON (docs/doctor.schema.json)"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usagef("doctor takes no command: see capmon doctor --help")
			}
			return runDoctor(s, thisMachine(), c.Bool("json"))
		},
	}
}

func runDoctor(s streams, m machine, asJSON bool) error {
	d := diagnose(m)
	var err error
	if asJSON {
		err = writeJSON(s.out, d)
	} else {
		err = writeDiagnosis(s.out, d)
	}
	if err != nil {
		return err
	}
	if status := d.status(); status != exitEvidence {
		return statusError(status)
	}
	return nil
}

// doctorSchema names the form of the JSON, docs/doctor.schema.json.
const doctorSchema = "capmon.doctor/1"

// diagnosis is what capmon doctor found out.
type diagnosis struct {
	Schema string `json:"schema"`
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
	Sees  bool       `json:"sees"`
	Check *testCheck `json:"check,omitempty"`
	// Problem is why it does not work, Help what would, Error what the kernel
	// or the library said.
	Problem string `json:"problem"`
	Help    string `json:"help"`
	Error   string `json:"error"`
}

// testCheck is the check that capmon had the kernel make, as a backend saw it.
type testCheck struct {
	Cap      caps.Cap      `json:"capability"`
	Verdict  trace.Verdict `json:"verdict"`
	Syscall  string        `json:"syscall"`
	Errno    string        `json:"errno"`
	Function string        `json:"function"`
}

func newTestCheck(c trace.Check) *testCheck {
	t := testCheck{Cap: c.Cap, Verdict: c.Verdict, Syscall: c.Syscall, Function: c.Function}
	if c.Errno() != 0 {
		t.Errno = unix.ErrnoName(c.Errno())
	}
	return &t
}

func diagnose(m machine) diagnosis {
	d := diagnosis{Schema: doctorSchema, facts: m.facts()}
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
		r.Check = newTestCheck(p.Check)
	}
	if p.Err != nil {
		r.Problem, r.Help = f.explain(p)
		r.Error = p.Err.Error()
	}
	return r
}

// decide says how discover can run, and what to do about it.
func (d *diagnosis) decide() {
	d.Advice = []string{}
	hindrance := d.hindrance()
	switch {
	case hindrance != "":
		d.Discover = notAtAll
		d.Advice = append(d.Advice, hindrance)
	case d.Uses != "":
		d.Discover = withEvidence
	default:
		d.Discover, d.Uses = bySearching, noBackend
		d.Advice = append(d.Advice, d.helps()...)
	}
	d.Advice = append(d.Advice, d.lacking()...)
}

// hindrance is why discover cannot run even without a backend, "" if it can.
func (d *diagnosis) hindrance() string {
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
func (d *diagnosis) helps() []string {
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

// lacking is what does not hinder capmon, and yet is amiss.
func (d *diagnosis) lacking() []string {
	var texts []string
	if d.Lacks != 0 && d.Discover != notAtAll {
		texts = append(texts, "what capmon lacks it cannot grant: a command that needs one of these will not succeed: "+nameSome(d.Lacks))
	}
	if d.Uses != "" && d.Uses != noBackend && !d.Symbols {
		text := "the names of kernel functions are hidden: checks come without the function that asked and without its stack, and of netlink requests it is not known which refusal mattered"
		if d.Uses == "tracepoint" {
			text += ", and every check counts as audited"
		}
		texts = append(texts, text+"; sysctl kernel.kptr_restrict=1 shows them to root")
	}
	return texts
}

func (d *diagnosis) status() int {
	switch d.Discover {
	case withEvidence:
		return exitEvidence
	case bySearching:
		return exitSearching
	}
	return exitNothing
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
