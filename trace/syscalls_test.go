package trace

import "testing"

func TestSyscallNames(t *testing.T) {
	names, err := NewSyscalls()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		nr     int
		compat bool
		want   string
	}{
		{-1, false, ""}, {-1, true, ""}, {99999, false, "syscall_99999"}, {3, true, "read"},
	} {
		if got := names.Name(c.nr, c.compat); got != c.want {
			t.Errorf("%d, compat %v: %q, want %q", c.nr, c.compat, got, c.want)
		}
	}
	for nr, name := range names.native {
		if got := names.Name(nr|x32Bit, false); got != name {
			t.Errorf("%d of x32: %q, want %q", nr, got, name)
		}
	}
}
