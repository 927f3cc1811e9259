package caps_test

import (
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
)

func TestParseProposes(t *testing.T) {
	for name, want := range map[string]string{
		"net_amdin":                  "did you mean CAP_NET_ADMIN?",
		"cap_dac_overide":            "did you mean CAP_DAC_OVERRIDE?",
		"sysadmin":                   "did you mean CAP_SYS_ADMIN?",
		"foo":                        "see capabilities(7)",
		"":                           "see capabilities(7)",
		strings.Repeat("net_", 1e6):  "see capabilities(7)",
		"cap_net_admin,cap_net_raw ": "see capabilities(7)",
	} {
		if c, err := caps.Parse(name); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("Parse(%.20q) = %v, %v, want an error that ends with %q", name, c, err, want)
		}
	}
}
