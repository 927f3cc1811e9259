package backend

import "testing"

func TestText(t *testing.T) {
	for in, want := range map[string]string{"": "", "sh\x00\x00x": "sh", "\x00sh": "", "full": "full"} {
		chars := make([]int8, len(in))
		for i := range in {
			chars[i] = int8(in[i])
		}
		if got := Text(chars); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
