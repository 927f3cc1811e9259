package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/capmon/capmon/scripts/bench/sample"
)

// number writes three significant digits, and thousands apart.
func number(v float64) string {
	switch size := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case v == 0:
		return "0"
	case size < 0.995:
		return fmt.Sprintf("%.2f", v)
	case size < 99.5:
		return fmt.Sprintf("%.3g", v)
	}
	return thousands(v)
}

func thousands(v float64) string {
	digits := fmt.Sprintf("%.0f", math.Abs(v))
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	text := strings.Join(append([]string{digits}, groups...), ",")
	if v < 0 {
		return "-" + text
	}
	return text
}

// spread writes the median, and in brackets the least and the greatest.
func spread(values []float64) string {
	if len(values) == 0 {
		return "–"
	}
	s := sample.Of(values)
	if len(values) == 1 || s.Low == s.High {
		return number(s.Median)
	}
	return fmt.Sprintf("%s (%s to %s)", number(s.Median), number(s.Low), number(s.High))
}

func withUnit(text, unit string) string {
	if unit == "" {
		return text
	}
	return text + " " + unit
}
