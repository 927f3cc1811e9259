package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/capmon/capmon/scripts/bench/measure"
	"github.com/capmon/capmon/scripts/bench/sample"
)

// table is one of Markdown.
type table struct {
	head []string
	rows [][]string
}

func (t table) String() string {
	var text strings.Builder
	line := func(cells []string) { fmt.Fprintf(&text, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.head)
	line(strings.Split(strings.Repeat("---,", len(t.head)-1)+"---", ","))
	for _, row := range t.rows {
		line(row)
	}
	return text.String()
}

// goalTable is the goals with what was measured.
func goalTable(goals []Goal) table {
	t := table{head: []string{"goal", "at most", "measured", "reached"}}
	for _, g := range goals {
		if !g.Measured() {
			continue
		}
		reached := "yes"
		if !g.Met() {
			reached = "**no**"
		}
		t.rows = append(t.rows, []string{g.Text, withUnit(number(g.Limit), g.Unit), withUnit(spread(g.Rounds), g.Unit), reached})
	}
	return t
}

// operationTable is what each operation takes under each watcher.
func operationTable(s sample.Set, watchers []string) table {
	t := table{head: append([]string{""}, measure.Operations...)}
	for _, w := range watchers {
		row := []string{w}
		for _, op := range measure.Operations {
			row = append(row, spread(s.Get(op, w)))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

func startupTable(s sample.Set) table {
	t := table{head: []string{"", "ms", "MiB"}}
	for _, name := range []string{measure.True, measure.Nothing, measure.TrueFollowed, measure.TrueDiscovered, measure.TrueCounted, measure.TrueStraced} {
		t.rows = append(t.rows, []string{"`" + name + "`",
			spread(sample.Scale(s.Get(measure.Startup, name), 1000)),
			spread(sample.Scale(s.Get(measure.Resident, name), 1.0/1024))})
	}
	return t
}

// scaleTable is what one unit takes at each size, in ns.
func scaleTable(s sample.Set, scale measure.Scale, watchers []string) table {
	t := table{head: append([]string{scale.Name}, watchers...)}
	t.head = append(t.head, "until the report, s", "memory, MiB")
	for _, n := range scale.Sizes {
		at := scale.Measure(n)
		row := []string{thousands(float64(n))}
		for _, w := range watchers {
			row = append(row, spread(s.Get(at, w)))
		}
		t.rows = append(t.rows, append(row, spread(s.Get(at, measure.Report)),
			spread(sample.Scale(s.Get(at, measure.Resident), 1.0/1024))))
	}
	return t
}

func memoryTable(s sample.Set, watchers []string) table {
	t := table{head: []string{"", "process, MiB", "eBPF maps, MiB"}}
	for _, w := range watchers {
		t.rows = append(t.rows, []string{w,
			spread(sample.Scale(s.Get(measure.Memory+"/"+measure.Resident, w), 1.0/1024)),
			spread(sample.Scale(s.Get(measure.Memory+"/"+measure.MapsKiB, w), 1.0/1024))})
	}
	return t
}

// PrintGoals writes the goals for a terminal.
func PrintGoals(w io.Writer, goals []Goal) {
	for _, g := range goals {
		if !g.Measured() {
			continue
		}
		mark := "reached    "
		if !g.Met() {
			mark = "NOT reached"
		}
		fmt.Fprintf(w, "%s  %s (at most %s)  %s\n", mark, withUnit(spread(g.Rounds), g.Unit), number(g.Limit), g.Text)
	}
}
