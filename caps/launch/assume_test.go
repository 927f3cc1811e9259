package launch

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
)

// status is /proc/self/status as cat sees it: after the exec.
func status() Spec {
	return Spec{Path: "/bin/cat", Args: []string{"cat", "/proc/self/status"}}
}

func TestGrantIsExactlyWhatTheCommandHas(t *testing.T) {
	k := newKeeper(t)
	root := &account.Identity{}
	for _, test := range []struct {
		name     string
		identity *account.Identity
		grant    *caps.Set
	}{
		{"nobody, nothing", nobody(), grant()},
		{"nobody, one", nobody(), grant(caps.NetAdmin)},
		{"nobody, the change's own", nobody(), grant(caps.SetPCap, caps.Cap(cap.SETUID), caps.Cap(cap.SETGID))},
		{"nobody, above 31", nobody(), grant(caps.BPF, caps.Perfmon)},
		{"root, nothing", root, grant()},
		{"root, one", root, grant(caps.DACReadSearch)},
		{"unchanged user, one", nil, grant(caps.NetAdmin)},
	} {
		t.Run(test.name, func(t *testing.T) {
			spec := status()
			spec.Identity, spec.Grant, spec.NoNewPrivs = test.identity, test.grant, true
			got := output(t, k, spec)
			want := fmt.Sprintf("%016x", uint64(*test.grant))
			for _, name := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"} {
				if mask := field(t, got, name); mask != want {
					t.Errorf("%s is %s, want %s", name, mask, want)
				}
			}
			uid := uint32(0)
			if test.identity != nil {
				uid = test.identity.UID
			}
			if ids := field(t, got, "Uid"); ids != strings.TrimSpace(strings.Repeat(fmt.Sprint(uid, " "), 4)) {
				t.Errorf("Uid is %q, want four times %d", ids, uid)
			}
			if nnp := field(t, got, "NoNewPrivs"); nnp != "1" {
				t.Errorf("NoNewPrivs is %s", nnp)
			}
		})
	}
}

// Root's own powers come back at every exec unless they are taken for good.
func TestGrantToRootHoldsAfterAnotherExec(t *testing.T) {
	k := newKeeper(t)
	spec := sh("cat /proc/self/status")
	spec.Grant = grant(caps.NetAdmin)
	got := output(t, k, spec)
	if eff := field(t, got, "CapEff"); eff != fmt.Sprintf("%016x", uint64(*spec.Grant)) {
		t.Errorf("CapEff is %s", eff)
	}
	// The bounding set may be what holds it; where it cannot be changed,
	// this does.
	dump := Spec{Path: "/usr/bin/setpriv", Args: []string{"setpriv", "--dump"}, Grant: spec.Grant}
	if bits := field(t, output(t, k, dump), "Securebits"); bits != "noroot,noroot_locked" {
		t.Errorf("securebits are %s", bits)
	}
	if nnp := field(t, got, "NoNewPrivs"); nnp != "0" {
		t.Errorf("NoNewPrivs is %s, and was not asked for", nnp)
	}
}

func TestGrantAnswersTheKernel(t *testing.T) {
	k := newKeeper(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/secret", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		identity *account.Identity
		grant    *caps.Set
		code     int
	}{
		{nobody(), grant(), 1},
		{nobody(), grant(caps.DACReadSearch), 0},
	} {
		spec := Spec{Path: "/bin/cat", Args: []string{"cat", dir + "/secret"}, Identity: test.identity, Grant: test.grant}
		out, exit := run(t, k, spec)
		if exit.Code() != test.code {
			t.Errorf("with %q: exit %d, want %d: %s", test.grant, exit.Code(), test.code, out)
		}
	}
}

func TestIdentityWithoutGrant(t *testing.T) {
	k := newKeeper(t)
	before := output(t, k, status())

	spec := status()
	spec.Identity = nobody()
	got := output(t, k, spec)
	for _, name := range []string{"CapInh", "CapPrm", "CapEff", "CapAmb"} {
		if mask := field(t, got, name); mask != "0000000000000000" {
			t.Errorf("nobody's %s is %s", name, mask)
		}
	}
	// Or set-user-ID programs would lack something.
	if bound, want := field(t, got, "CapBnd"), field(t, before, "CapBnd"); bound != want {
		t.Errorf("nobody's CapBnd is %s, want %s", bound, want)
	}

	spec.Identity = &account.Identity{Groups: []uint32{7}}
	got = output(t, k, spec)
	if eff, want := field(t, got, "CapEff"), field(t, before, "CapEff"); eff != want {
		t.Errorf("root's CapEff is %s, want %s", eff, want)
	}
	if groups := field(t, got, "Groups"); groups != "7" {
		t.Errorf("root's groups are %q, want 7", groups)
	}
}

func TestUnchanged(t *testing.T) {
	k := newKeeper(t)
	got := output(t, k, status())
	own, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "Uid", "Gid", "Groups", "NoNewPrivs"} {
		if mask, want := field(t, got, name), field(t, string(own), name); mask != want {
			t.Errorf("%s is %s, want %s", name, mask, want)
		}
	}
}

func TestGroups(t *testing.T) {
	k := newKeeper(t)
	for _, groups := range [][]uint32{nil, {4, 24, 27}} {
		spec := status()
		spec.Identity = &account.Identity{UID: 1234, GID: 1235, Groups: groups}
		got := output(t, k, spec)
		if ids := field(t, got, "Gid"); ids != "1235 1235 1235 1235" {
			t.Errorf("Gid is %s", ids)
		}
		want := strings.Trim(fmt.Sprint(groups), "[]")
		if list := field(t, got, "Groups"); list != want {
			t.Errorf("Groups is %q, want %q", list, want)
		}
	}
}

// What one command was given must not reach the next one.
func TestKeeperItselfStaysAsItWas(t *testing.T) {
	k := newKeeper(t)
	spec := status()
	spec.Identity, spec.Grant, spec.NoNewPrivs = nobody(), grant(), true
	before := output(t, k, status())
	for range 5 {
		output(t, k, spec)
	}
	after := output(t, k, status())
	for _, name := range []string{"CapPrm", "CapEff", "CapBnd", "Uid", "NoNewPrivs"} {
		if a, b := field(t, before, name), field(t, after, name); a != b {
			t.Errorf("%s was %s and is %s", name, a, b)
		}
	}
}

func TestUngrantable(t *testing.T) {
	k := newKeeper(t)
	missing := ^Grantable() & (1<<cap.MaxBits() - 1)
	if missing == 0 {
		missing = caps.NewSet(63) // no kernel has it
	}
	spec := status()
	all := Grantable() | missing
	spec.Identity, spec.Grant = nobody(), &all
	armed := false
	_, err := k.Launch(within(t), spec, func(int) error { armed = true; return nil })
	var ungrantable *UngrantableError
	if !errors.As(err, &ungrantable) || ungrantable.Caps != missing {
		t.Fatalf("error is %v, want one that names %v", err, missing)
	}
	if armed {
		t.Error("the tracer was armed for a launch that could not be")
	}
	if !strings.Contains(err.Error(), missing.Members()[0].String()) {
		t.Errorf("%q does not say which", err)
	}
}

func TestImpossibleIdentity(t *testing.T) {
	k := newKeeper(t)
	spec := status()
	spec.Identity = &account.Identity{UID: 1<<32 - 1, GID: 1}
	_, err := k.Launch(within(t), spec, nil)
	var setup *SetupError
	if !errors.As(err, &setup) || !strings.Contains(err.Error(), "change user to 4294967295") {
		t.Errorf("error is %v", err)
	}
	output(t, k, status()) // the keeper still works
}
