// Package compare holds reports of discoveries against each other: what has
// changed from one to the next, and what several need together.
//
//	for _, change := range compare.Diff(before, after) {
//		fmt.Println(change)
//	}
//	together := compare.Merge(reports)
package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace"
)

// Change is one capability that only one of two reports has in its set.
type Change struct {
	Cap caps.Cap
	// Added: the later report has it.
	Added bool
	// Check is the refusal that names it; nil if none does.
	Check *trace.Check
}

// Diff are the changes from a to b, in the order of the capabilities.
func Diff(a, b controller.Report) []Change {
	var changes []Change
	for _, c := range (a.Capabilities ^ b.Capabilities).Members() {
		added := b.Capabilities.Has(c)
		in := a
		if added {
			in = b
		}
		changes = append(changes, Change{c, added, checkOf(in, c)})
	}
	return changes
}

// checkOf is the refusal that names the capability in a report.
func checkOf(r controller.Report, c caps.Cap) *trace.Check {
	for _, e := range r.Evidence {
		if e.Cap == c {
			return e.Check
		}
	}
	return nil
}

// Conditions are in what two reports differ that may be why their sets do:
// each a sentence such as "Linux 6.1, not 6.12".
func Conditions(a, b controller.Report) []string {
	var list []string
	add := func(what, in, not string) {
		// What one of them does not say is no difference.
		if in != not && in != "" && not != "" {
			list = append(list, strings.TrimSpace(what+" "+in+", not "+not))
		}
	}
	add("command", strings.Join(b.Command, " "), strings.Join(a.Command, " "))
	add("user", b.User.Name, a.User.Name)
	add("Linux", b.Kernel, a.Kernel)
	add("unit", unitName(b), unitName(a))
	add("image", imageName(b), imageName(a))
	if b.NeedsRoot != a.NeedsRoot {
		add("", needsRoot(b), needsRoot(a))
	}
	add("verdict", string(b.Verdict), string(a.Verdict))
	return list
}

func unitName(r controller.Report) string {
	if r.Unit == nil {
		return ""
	}
	return r.Unit.Name
}

func imageName(r controller.Report) string {
	if r.Container == nil {
		return ""
	}
	return r.Container.Image
}

func needsRoot(r controller.Report) string {
	if r.NeedsRoot {
		return "needs uid 0"
	}
	return "needs no uid 0"
}

// Merged is what several discoveries need together.
type Merged struct {
	// Capabilities is the union of the sets.
	Capabilities caps.Set
	// Conflicts are why the union may not be what it seems: sentences.
	Conflicts []string
}

// Merge joins reports. names are what to call them in Conflicts.
func Merge(reports []controller.Report, names []string) Merged {
	var m Merged
	for i, r := range reports {
		if r.Verdict == controller.NotFound {
			m.Conflicts = append(m.Conflicts, names[i]+" found no set, so it adds nothing")
			continue
		}
		m.Capabilities |= r.Capabilities
		if r.Verdict != controller.Minimal {
			m.Conflicts = append(m.Conflicts, names[i]+" is not proven, so the set may be too large")
		}
	}
	for i, r := range reports {
		for _, e := range r.MustNot {
			if m.Capabilities.Has(e.Cap) {
				m.Conflicts = append(m.Conflicts, fmt.Sprintf("%s must not have %s, which others need", names[i], e.Cap))
			}
		}
	}
	differ := func(what string, of func(controller.Report) string) {
		var values []string
		for _, r := range reports {
			if v := of(r); !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		if len(values) > 1 {
			m.Conflicts = append(m.Conflicts, what+" differ: "+strings.Join(values, ", "))
		}
	}
	differ("users", func(r controller.Report) string { return r.User.Name })
	differ("kernels", func(r controller.Report) string { return "Linux " + r.Kernel })
	return m
}
