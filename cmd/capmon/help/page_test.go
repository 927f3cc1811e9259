package help

import (
	"strings"
	"testing"

	"github.com/capmon/capmon/cmd/capmon/command"
)

func TestRoffEscapes(t *testing.T) {
	c := &command.Command{
		Name: "capmon x", Summary: "it's",
		Usage:       []command.Item{{Term: "capmon x [options] '<cmd>'"}},
		Description: ".a \\040 b\n\nsee env(1), --no-fold, -- and N\n\na - b 'c' ~ ^ x-y",
		Options:     []command.Option{{Name: "out", Short: "o", Value: command.AnyNumber, Text: "Ns"}},
	}
	got := Page(&command.Command{Name: "capmon"}, c)
	for _, want := range []string{
		"capmon\\-x \\- it\\(aqs\n",
		"\\fBcapmon x\\fR [\\fIoptions\\fR] \\(aq\\fI<cmd>\\fR\\(aq\n",
		"\\&.a \\e040 b\n",
		"see \\fBenv\\fR(1), \\fB\\-\\-no\\-fold\\fR, \\fB\\-\\-\\fR and \\fIN\\fR\n",
		"a - b \\(aqc\\(aq \\(ti \\(ha x-y\n",
		".TP\n\\fB\\-o\\fR, \\fB\\-\\-out\\fR \\fIN\\fR\n\\fIN\\fRs\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
