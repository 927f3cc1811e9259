package caps_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
)

// A list of capabilities comes from flags, unit files and kept reports. What
// ParseSet takes, it reads back from what it wrote.
func FuzzParseSet(f *testing.F) {
	for _, seed := range []string{
		"", ",", "cap_net_admin", "CAP_NET_RAW,cap_chown", "net_raw sys_admin", "cap_63", "CAP_64", "cap_255",
		"cap_\xff", strings.Repeat("a", 5000), "cap_net_admin\x00", "cap_net_admin=ep", "ſys_admin",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := caps.ParseSet(text)
		if err != nil {
			return
		}
		again, err := caps.ParseSet(set.String())
		if err != nil || again != set {
			t.Fatalf("ParseSet(%q) = %q, which is read back as %q, %v", text, set, again, err)
		}
	})
}

func FuzzSetJSON(f *testing.F) {
	for _, seed := range []string{`[]`, `["CAP_CHOWN"]`, `["chown","CAP_63"]`, `null`, `[null]`, `["CAP_64"]`, `{}`, `[1]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var set caps.Set
		if json.Unmarshal(data, &set) != nil {
			return
		}
		text, err := json.Marshal(set)
		if err != nil {
			t.Fatalf("write %v, which was read from %q: %v", set, data, err)
		}
		var again caps.Set
		if err := json.Unmarshal(text, &again); err != nil || again != set {
			t.Fatalf("%q is read as %v, and back from %q as %v, %v", data, set, text, again, err)
		}
	})
}
