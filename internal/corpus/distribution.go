package corpus

import (
	"fmt"
	"slices"
	"strings"
)

// Spread counts how often each number occurs.
type Spread map[int]int

// Finding is how many attempts beyond the size of the set it took to find it.
func Finding(results []Result) Spread {
	spread := Spread{}
	for _, r := range results {
		spread[r.Beyond()]++
	}
	return spread
}

// Proving is how many attempts beyond the size of the set it took to prove it.
func Proving(results []Result) Spread {
	spread := Spread{}
	for _, r := range results {
		spread[r.Prove-r.Found.Len()]++
	}
	return spread
}

// Within is the share of those that are at most n.
func (s Spread) Within(n int) float64 {
	within := 0
	for number, count := range s {
		if number <= n {
			within += count
		}
	}
	return float64(within) / float64(max(1, s.Len()))
}

// Len is how many were counted.
func (s Spread) Len() int {
	all := 0
	for _, count := range s {
		all += count
	}
	return all
}

// sideBySide is a table of two spreads.
func sideBySide(head string, programs, small Spread) string {
	var numbers []int
	for _, s := range []Spread{programs, small} {
		for n := range s {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | programs | small commands |\n|---|---|---|\n", head)
	for _, n := range slices.Compact(numbers) {
		fmt.Fprintf(&b, "| %+d | %d | %d |\n", n, programs[n], small[n])
	}
	return b.String()
}

func writeDistribution(page *strings.Builder, programs, small []Result) {
	finding, finding2 := Finding(programs), Finding(small)
	fmt.Fprintf(page, "\n## Attempts\n\nTo grant one refusal a step takes one attempt more than there are capabilities in the set. "+
		"Of %d discoveries of programs %.0f %% took no more, of %d of small commands %.0f %%.\n\n",
		finding.Len(), 100*finding.Within(1), finding2.Len(), 100*finding2.Within(1))
	page.WriteString(sideBySide("to find, less the size of the set", finding, finding2))
	proving, proving2 := Proving(programs), Proving(small)
	fmt.Fprintf(page, "\nTo prove it took at most one for each capability in %.0f %% and %.0f %%.\n\n",
		100*proving.Within(0), 100*proving2.Within(0))
	page.WriteString(sideBySide("to prove, less the size of the set", proving, proving2))
	var slow []string
	for _, r := range slices.Concat(programs, small) {
		if text := fmt.Sprintf("%s (%d for %d)", r.Name, r.Find, r.Found.Len()); r.Beyond() > 1 && !slices.Contains(slow, text) {
			slow = append(slow, text)
		}
	}
	if len(slow) > 0 {
		fmt.Fprintf(page, "\nThose that took more to find: %s.\n", strings.Join(slow, ", "))
	}
}
