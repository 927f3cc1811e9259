package caps

import "testing"

func TestSummary(t *testing.T) {
	for _, test := range []struct {
		set  Set
		most int
		want string
	}{
		{0, 2, ""}, {NewSet(Chown), 2, "CAP_CHOWN"}, {NewSet(Kill, Chown), 2, "CAP_CHOWN, CAP_KILL"}, {NewSet(Kill, Chown, Mknod), 2, "3 capabilities"},
	} {
		if got := test.set.Summary(test.most); got != test.want {
			t.Errorf("summary of %q is %q, want %q", test.set, got, test.want)
		}
	}
}

func TestKnown(t *testing.T) {
	if got := Known([]string{"CAP_CHOWN", "CAP_NOT_THERE", "", "kill"}); got != NewSet(Chown, Kill) {
		t.Errorf("known are %q", got)
	}
}
