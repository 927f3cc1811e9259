package follow

import "testing"

// BenchmarkOpen is what a user waits before the first attempt.
func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		t, err := Open("tracepoint")
		if err != nil {
			b.Fatal(err)
		}
		t.Close()
	}
}
