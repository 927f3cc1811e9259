package page

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of a page: 300 KiB for a thousand checks, and not much more for a
// million.
const (
	maxChecks    = 1000
	maxProcesses = 500
	maxAttempts  = 250
	maxStacks    = 60
	maxForm      = 16 << 10
)

// budget is what a page may still hold, and counts what it could not.
type budget struct {
	checks, processes, attempts, stacks         int
	noChecks, noProcesses, noAttempts, noStacks int
	known                                       map[string]int
	listed                                      []Stack
}

func newBudget() *budget {
	return &budget{checks: maxChecks, processes: maxProcesses, attempts: maxAttempts, stacks: maxStacks, known: map[string]int{}}
}

// take says whether one more fits.
func take(left, missed *int) bool {
	if *left == 0 {
		*missed++
		return false
	}
	*left--
	return true
}

// stack returns the number of the stack; each is listed once.
func (b *budget) stack(frames []string) int {
	if len(frames) == 0 {
		return 0
	}
	key := strings.Join(frames, "\n")
	number, known := b.known[key]
	if known {
		return number
	}
	if take(&b.stacks, &b.noStacks) {
		number = len(b.listed) + 1
		b.listed = append(b.listed, Stack{number, slices.Clone(frames)})
	}
	b.known[key] = number
	return number
}

// leftOut has a sentence for each thing of which there was too much.
func (b *budget) leftOut() []string {
	var list []string
	for _, of := range []struct {
		n    int
		name string
	}{{b.noAttempts, "attempts"}, {b.noProcesses, "processes"}, {b.noChecks, "checks"}, {b.noStacks, "kernel stacks"}} {
		if of.n > 0 {
			list = append(list, fmt.Sprintf("%d more %s: the JSON has them all", of.n, of.name))
		}
	}
	return list
}
