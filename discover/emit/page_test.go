package emit

import "testing"

// TestCommentIsOneLine holds also for callers that pass on what they were
// given.
func TestCommentIsOneLine(t *testing.T) {
	for text, want := range map[string]string{
		"a b é":      "# a b é\n",
		"a\nb\r\x00": "# a\ufffdb\ufffd\ufffd\n",
		`ends in \`:  "# ends in \\.\n",
		"\xff":       "# \ufffd\n",
	} {
		var p page
		p.comment("%s", text)
		if got := p.String(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestShortenCutsBetweenRunes(t *testing.T) {
	for limit, want := range map[int]string{
		6: "ééé", 5: "éé… (shortened)", 4: "éé… (shortened)", 0: "… (shortened)",
	} {
		if got := shorten("ééé", limit); got != want {
			t.Errorf("%d: got %q, want %q", limit, got, want)
		}
	}
}
