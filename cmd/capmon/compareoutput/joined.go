package compareoutput

import (
	"fmt"
	"strings"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/observeoutput"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/compare"
)

// Observation is one that was kept, and where.
type Observation struct {
	File   string
	Report observeoutput.Report
}

// WriteJoined prints what is needed by proof beside what was seen in use and
// what was granted meanwhile.
func WriteJoined(b *strings.Builder, needed compare.Merged, reports []discover.Report, files []string, observations []Observation) {
	for i, file := range files {
		fmt.Fprintf(b, "%s  %s\n", provenWord(reports[i]), terminal.Printable(file+": "+described(reports[i])))
	}
	var used, held caps.Set
	var lost uint64
	for _, o := range observations {
		used |= o.Report.Total.Used
		held |= o.Report.Total.Held
		lost += o.Report.Lost
		took := time.Duration(o.Report.Seconds * float64(time.Second)).Round(time.Second)
		fmt.Fprintf(b, "observed  %s\n", terminal.Printable(fmt.Sprintf("%s: %s for %s since %s", o.File, o.Report.Target, took, o.Report.Since.Format(time.DateTime))))
	}
	const width = 22 // the longest name is CAP_CHECKPOINT_RESTORE
	fmt.Fprintf(b, "\n%-*s  %-6s  %-4s  %s\n", width, "", "needed", "used", "granted")
	for _, c := range (needed.Capabilities | used).Members() {
		fmt.Fprintf(b, "%-*s  %-6s  %-4s  %s\n", width, c, mark(needed.Capabilities, c), mark(used, c), mark(held, c))
	}
	b.WriteByte('\n')
	for _, line := range []struct {
		text string
		set  caps.Set
	}{
		{"needed, and not seen in use", needed.Capabilities.Minus(used)},
		{"seen in use, and not proven to be needed", used.Minus(needed.Capabilities)},
		{"needed or used, and not granted to what was watched", (needed.Capabilities | used).Minus(held)},
		{"granted, and neither needed nor seen in use", held.Minus(needed.Capabilities | used)},
	} {
		if line.set != 0 {
			fmt.Fprintf(b, "%s: %s\n", line.text, line.set.Summary(8))
		}
	}
	for _, conflict := range needed.Conflicts {
		fmt.Fprintf(b, "note: %s\n", terminal.Printable(conflict))
	}
	if lost > 0 {
		fmt.Fprintf(b, "note: %d records were lost while watching: more may have been used\n", lost)
	}
}

func provenWord(r discover.Report) string {
	if r.Verdict == discover.Minimal {
		return "proven   "
	}
	return "unproven "
}

func mark(s caps.Set, c caps.Cap) string {
	if s.Has(c) {
		return "x"
	}
	return "."
}
