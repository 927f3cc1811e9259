package sample

import (
	"math"
	"slices"
	"testing"
)

func TestOf(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   Stat
	}{
		{[]float64{3, 1, 2}, Stat{2, 1, 3}},
		{[]float64{4, 1, 3, 2}, Stat{2.5, 1, 4}},
		{[]float64{7}, Stat{7, 7, 7}},
	} {
		if got := Of(test.values); got != test.want {
			t.Errorf("Of(%v) = %v, want %v", test.values, got, test.want)
		}
	}
	if got := Of(nil); !math.IsNaN(got.Median) {
		t.Errorf("the median of nothing is %v", got.Median)
	}
}

func TestAdded(t *testing.T) {
	s := Set{}
	for i, bare := range []float64{100, 200} {
		s.Add("check", "bare", bare)
		s.Add("check", "watched", bare+float64(50*(i+1)))
	}
	if got := s.Added("check", "watched", "bare"); !slices.Equal(got, []float64{50, 100}) {
		t.Errorf("added %v", got)
	}
	if got := s.Added("check", "unknown", "bare"); got != nil {
		t.Errorf("added without a measurement: %v", got)
	}
}
