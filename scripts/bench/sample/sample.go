// Package sample holds what a benchmark measured, and sums it up.
package sample

import (
	"math"
	"slices"
)

// Set has for each measure and each subject of it one value a round.
type Set map[string]map[string][]float64

// Add appends the value of a round.
func (s Set) Add(measure, subject string, value float64) {
	if s[measure] == nil {
		s[measure] = map[string][]float64{}
	}
	s[measure][subject] = append(s[measure][subject], value)
}

// Get returns the values of all rounds, nil if there are none.
func (s Set) Get(measure, subject string) []float64 { return s[measure][subject] }

// Added is by how much the subject exceeds the base, round by round: both
// were measured at about the same time, so what else the machine did cancels.
func (s Set) Added(measure, subject, base string) []float64 {
	return combine(s.Get(measure, subject), s.Get(measure, base), func(a, b float64) float64 { return a - b })
}

// Ratio divides round by round.
func Ratio(a, b []float64) []float64 {
	return combine(a, b, func(a, b float64) float64 { return a / b })
}

// Minus subtracts round by round.
func Minus(a, b []float64) []float64 {
	return combine(a, b, func(a, b float64) float64 { return a - b })
}

// Scale multiplies each value.
func Scale(values []float64, by float64) []float64 {
	var scaled []float64
	for _, v := range values {
		scaled = append(scaled, v*by)
	}
	return scaled
}

func combine(a, b []float64, f func(a, b float64) float64) []float64 {
	var combined []float64
	for i := range min(len(a), len(b)) {
		combined = append(combined, f(a[i], b[i]))
	}
	return combined
}

// Stat sums up the rounds.
type Stat struct{ Median, Low, High float64 }

// Of returns the median, the least and the greatest. Of nothing they are NaN.
func Of(values []float64) Stat {
	if len(values) == 0 {
		return Stat{math.NaN(), math.NaN(), math.NaN()}
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return Stat{median, sorted[0], sorted[len(sorted)-1]}
}
