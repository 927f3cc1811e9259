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
	within, all := 0, 0
	for number, count := range s {
		all += count
		if number <= n {
			within += count
		}
	}
	if all == 0 {
		return 0
	}
	return float64(within) / float64(all)
}

func (s Spread) table(head string) string {
	var numbers []int
	for n := range s {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | cases |\n|---|---|\n", head)
	for _, n := range numbers {
		fmt.Fprintf(&b, "| %+d | %d |\n", n, s[n])
	}
	return b.String()
}

func writeDistribution(page *strings.Builder, results []Result) {
	finding, proving := Finding(results), Proving(results)
	fmt.Fprintf(page, "\n## Attempts\n\nTo grant one refusal a step takes one attempt more than there are capabilities in the set. "+
		"Of %d discoveries %.0f %% took no more.\n\n", len(results), 100*finding.Within(1))
	page.WriteString(finding.table("to find, less the size of the set"))
	fmt.Fprintf(page, "\nTo prove it took at most one for each capability in %.0f %%.\n\n", 100*proving.Within(0))
	page.WriteString(proving.table("to prove, less the size of the set"))
	var slow []string
	for _, r := range results {
		if r.Beyond() > 1 {
			slow = append(slow, fmt.Sprintf("%s (%d for %d)", r.Name, r.Find, r.Found.Len()))
		}
	}
	if len(slow) > 0 {
		fmt.Fprintf(page, "\nThose that took more to find: %s.\n", strings.Join(slices.Compact(slow), ", "))
	}
}
