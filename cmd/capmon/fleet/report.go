package fleet

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/otelnames"
	"github.com/capmon/capmon/trace/observe"
)

// Schema names the version of the JSON form (docs/fleet.schema.json).
const Schema = "capmon.fleet/1"

// Report is what many machines did.
type Report struct {
	Schema  string `json:"schema"`
	Version string `json:"version"`
	// Proof is observe.Proof.
	Proof string `json:"proof"`
	// By is what the workloads are grouped by.
	By By `json:"by"`
	// Hosts is how many there are of whom there is a word.
	Hosts int `json:"hosts"`
	// Checks arrived.
	Checks uint64 `json:"checks"`
	// Lost is how many were lost on the machines, by reason.
	Lost map[string]uint64 `json:"lost"`
	// Missing is how many the machines say they have exported or were about
	// to, and are not in the files: on their way, sampled away, or in others.
	Missing   uint64     `json:"missing"`
	Workloads []Workload `json:"workloads"`
}

// Workload is what is the same on several machines.
type Workload struct {
	// Kind is what Name is: "unit", "image" or "executable". Name is "" where
	// nothing is known by which to group.
	Kind  By     `json:"kind"`
	Name  string `json:"name"`
	Hosts int    `json:"hosts"`
	// First and Last are when it was seen, Seconds what is between them.
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Seconds float64   `json:"seconds"`
	Checks  uint64    `json:"checks"`
	Used    []Use     `json:"used"`
	Refused []Use     `json:"refused"`
	// Unaudited are checks that passed and that the kernel does not audit.
	Unaudited []Use `json:"unaudited"`
}

// Use is how a capability was checked.
type Use struct {
	Cap   caps.Cap `json:"capability"`
	Count uint64   `json:"count"`
	Hosts int      `json:"hosts"`
	// Syscall is the system call of the first check, "" if there was none.
	Syscall string `json:"syscall"`
}

// key is a workload.
type key struct {
	kind By
	name string
}

func (o origin) key(by By) key {
	switch {
	case by == ByImage || by == ByWorkload && o.image != "":
		return key{ByImage, o.image}
	case by == ByUnit || by == ByWorkload && o.unit != "":
		return key{ByUnit, o.unit}
	}
	return key{ByExecutable, o.executable}
}

// Report sums up what was read.
func (c *Collection) Report(by By) Report {
	r := Report{Schema: Schema, Proof: observe.Proof, By: by, Hosts: len(c.hosts), Lost: map[string]uint64{}, Workloads: []Workload{}}
	for _, reason := range otelnames.LossReasons() {
		r.Lost[reason] = 0
	}
	for _, i := range c.instances {
		r.Checks += i.arrived
		accounted := i.arrived
		for reason, n := range i.lost {
			r.Lost[reason] += n
			if reason != otelnames.LostInKernel { // those were never seen
				accounted += n
			}
		}
		if i.checks > accounted {
			r.Missing += i.checks - accounted
		}
	}
	joined := map[key]*group{}
	for o, g := range c.groups {
		k := o.key(by)
		if joined[k] == nil {
			joined[k] = newGroup()
		}
		joined[k].join(g)
	}
	for k, g := range joined {
		r.Workloads = append(r.Workloads, Workload{
			Kind: k.kind, Name: k.name, Hosts: len(g.hosts), First: g.first.UTC(), Last: g.last.UTC(), Seconds: g.last.Sub(g.first).Seconds(),
			Checks: g.checks, Used: uses(g.used), Refused: uses(g.refused), Unaudited: uses(g.unaware),
		})
	}
	slices.SortFunc(r.Workloads, func(a, b Workload) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return r
}

func (g *group) join(other *group) {
	g.add(other.first, other.last)
	g.checks += other.checks
	maps.Copy(g.hosts, other.hosts)
	for _, m := range []struct{ to, from map[caps.Cap]*seen }{
		{g.used, other.used}, {g.refused, other.refused}, {g.unaware, other.unaware},
	} {
		for c, s := range m.from {
			if m.to[c] == nil {
				m.to[c] = &seen{hosts: map[string]bool{}, syscall: s.syscall}
			}
			m.to[c].count += s.count
			m.to[c].syscall = min(m.to[c].syscall, s.syscall) // whatever the order
			maps.Copy(m.to[c].hosts, s.hosts)
		}
	}
}

func uses(m map[caps.Cap]*seen) []Use {
	list := []Use{}
	for _, c := range slices.Sorted(maps.Keys(m)) {
		list = append(list, Use{c, m[c].count, len(m[c].hosts), m[c].syscall})
	}
	return list
}
