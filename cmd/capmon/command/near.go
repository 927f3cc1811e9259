package command

import "github.com/xrash/smetrics"

// Near is the name that is most like word, or "" if none is like it: at most a
// third of the letters may have to change.
func Near(word string, names []string) string {
	best, distance := "", len(word)/3+1
	for _, name := range names {
		// Also spares the comparison with a word of a million letters.
		if max(len(word)-len(name), len(name)-len(word)) >= distance {
			continue
		}
		if d := smetrics.WagnerFischer(word, name, 1, 1, 1); d < distance {
			best, distance = name, d
		}
	}
	return best
}
