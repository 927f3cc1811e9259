package meaning

import (
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
)

// Every capability with a name is explained, in sentences.
func TestAllAreExplained(t *testing.T) {
	for _, c := range caps.All().Members() {
		m := Of(c)
		for what, text := range map[string]string{"Allows": m.Allows, "Root": m.Root, "Instead": m.Instead} {
			if text == "" && what != "Allows" {
				continue
			}
			if text == "" || !strings.HasSuffix(text, ".") || strings.ContainsAny(text, "\n\t") {
				t.Errorf("%s of %s is no sentence: %q", what, c, text)
			}
		}
		if c != caps.NetBroadcast && c != caps.MACOverride && (len(m.Calls) == 0 || len(m.Functions) == 0) {
			t.Errorf("%s: nothing asks for it", c)
		}
		for lesser := range strings.FieldsSeq(m.Instead) {
			name := strings.Trim(lesser, ".,;:")
			if strings.HasPrefix(name, "CAP_") {
				if _, err := caps.Parse(name); err != nil {
					t.Errorf("%s: instead of it %v", c, err)
				}
			}
		}
	}
	if got := Of(63); got.Allows != "" {
		t.Errorf("capability 63 is explained: %+v", got)
	}
}
