package caps

import (
	"slices"
	"testing"

	"kernel.org/pub/linux/libs/security/libcap/cap"
)

func TestByPowerNamesEachCapabilityOnce(t *testing.T) {
	for c := Cap(0); c < Cap(cap.NamedCount); c++ {
		n := 0
		for _, v := range byPower {
			if Cap(v) == c {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%v is in the table %d times, want once", c, n)
		}
	}
}

func TestLesserIsLessPowerful(t *testing.T) {
	for c := Cap(0); c < Cap(cap.NamedCount); c++ {
		for _, l := range c.Lesser().Members() {
			if ComparePower(l, c) >= 0 {
				t.Errorf("%v is a lesser substitute for %v, but not less powerful", l, c)
			}
		}
	}
}

func TestComparePower(t *testing.T) {
	netBind, chown := Cap(cap.NET_BIND_SERVICE), Cap(cap.CHOWN)
	ascending := []Set{
		0,
		NewSet(netBind),
		NewSet(BPF),
		NewSet(netBind, BPF),
		NewSet(chown),
		NewSet(netBind, BPF, chown),
		NewSet(SysAdmin),
		NewSet(netBind, SysAdmin),
		NewSet(Cap(63)), // a capability not named yet
	}
	for i, a := range ascending {
		for j, b := range ascending {
			got := a.ComparePower(b)
			if (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("compare {%v} with {%v}: %d, want the sign of %d", a, b, got, i-j)
			}
		}
	}
}

func TestByPowerOrdersMembers(t *testing.T) {
	got := NewSet(SysAdmin, DACOverride, DACReadSearch, Syslog).ByPower()
	want := []Cap{Syslog, DACReadSearch, DACOverride, SysAdmin}
	if !slices.Equal(got, want) {
		t.Errorf("by power: %v, want %v", got, want)
	}
}
