package report

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"github.com/capmon/capmon/scripts/bench/measure"
	"github.com/capmon/capmon/scripts/bench/sample"
	"github.com/capmon/capmon/scripts/bench/watch"
)

// Results are all that a benchmark found.
type Results struct {
	Machine
	Date   string `json:",omitempty"`
	Rounds int
	Quick  bool `json:",omitempty"`
	// SizeBytes is capmon's.
	SizeBytes int64 `json:",omitempty"`
	Samples   sample.Set
	// LeftOut are the watchers that do not work, and why.
	LeftOut map[string]string
	// Watchers and Scales are in the order in which they are shown.
	Watchers []string
	Scales   []measure.Scale `json:"-"`
	// VM are the results from another kernel, nil if there are none.
	VM *Results `json:",omitempty"`
}

// Goals judges the results.
func (r Results) Goals() []Goal { return Goals(r.Samples, r.Scales) }

//go:embed performance.md.tmpl
var performance string

// Write writes performance.md and its plots to a directory.
func (r Results) Write(dir string) error {
	var scales []scalePage
	for _, s := range r.Scales {
		page := scalePage{Unit: s.Unit, Table: scaleTable(r.Samples, s, beside(r.Watchers))}
		if len(s.Sizes) > 1 {
			if err := drawScale(dir, r.Samples, s, r.Watchers); err != nil {
				return err
			}
			page.Plot = plotName(s)
		}
		scales = append(scales, page)
	}
	f, err := os.Create(filepath.Join(dir, "performance.md"))
	if err != nil {
		return err
	}
	err = template.Must(template.New("performance").Parse(performance)).Execute(f, r.page(scales))
	return errors.Join(err, f.Close())
}

type scalePage struct {
	Unit, Plot string
	Table      table
}

// page is what the template shows.
type page struct {
	Results
	SizeMiB                            string
	Goals, Operations, Startup, Memory table
	Minute                             table
	Missed                             []Goal
	Scales                             []scalePage
	VM                                 *page
}

func (r Results) page(scales []scalePage) page {
	p := page{
		Results: r, SizeMiB: number(float64(r.SizeBytes) / (1 << 20)), Scales: scales,
		Goals: goalTable(r.Goals()), Operations: operationTable(r.Samples, r.Watchers),
		Startup: startupTable(r.Samples), Minute: minuteTable(r.Samples),
		Memory: memoryTable(r.Samples, []string{watch.Beside, watch.Monitor}),
	}
	for _, g := range r.Goals() {
		if g.Measured() && !g.Met() && g.Note != "" {
			p.Missed = append(p.Missed, g)
		}
	}
	if r.VM != nil {
		vm := r.VM.page(nil)
		p.VM = &vm
	}
	return p
}

// beside are the watchers whose cost is shown at every size.
func beside(watchers []string) []string {
	var shown []string
	for _, w := range watchers {
		switch w {
		case watch.Bare, watch.Followed, watch.Monitor, watch.Count:
			shown = append(shown, w)
		}
	}
	return shown
}

func minuteTable(s sample.Set) table {
	value := func(name string) string { return spread(s.Get(measure.Minute, name)) }
	return table{
		head: []string{"checks a second", "lost", "neither shown nor lost", "process, MiB", "eBPF maps, MiB", "processors busy"},
		rows: [][]string{{value(measure.Made), value(measure.Lost), value(measure.Missing),
			spread(sample.Scale(s.Get(measure.Minute, measure.Resident), 1.0/1024)),
			spread(sample.Scale(s.Get(measure.Minute, measure.MapsKiB), 1.0/1024)), value(measure.Busy)}},
	}
}

// Machine is where it was measured.
type Machine struct {
	Kernel, CPU, Versions, Backend string
	CPUs                           int
}

func (m Machine) String() string { return fmt.Sprintf("%s on %d × %s", m.Kernel, m.CPUs, m.CPU) }
