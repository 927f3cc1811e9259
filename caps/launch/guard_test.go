package launch

import (
	"fmt"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
)

// The thread that launches shares its memory with threads that have all of
// capmon's capabilities. A command that runs as the same uid 0, with none,
// must not get at it.
func TestKeeperIsOutOfReach(t *testing.T) {
	k := newKeeper(t)
	var none caps.Set
	root := account.Identity{Name: "root", GroupName: "root"}
	spec := sh(`for t in /proc/$PPID/task/*; do cat $t/environ >/dev/null 2>&1 && echo "$t"; done; echo done`)
	spec.Identity, spec.Grant, spec.NoNewPrivs = &root, &none, true
	if got := output(t, k, spec); got != "done\n" {
		t.Errorf("the command could read %q", got)
	}
}

// What is in the caller's session keyring is not for another user, nor for a
// command that is to have its own.
func TestSessionKeyringIsLeft(t *testing.T) {
	caller, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, true)
	if err != nil {
		t.Fatalf("no session keyring: %v", err)
	}
	k := newKeeper(t)
	// keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING)
	spec := sh(fmt.Sprintf(`perl -e 'printf "%%d\n", syscall(%d, 0, -3, 0)'`, unix.SYS_KEYCTL))
	root := account.Identity{Name: "root", GroupName: "root"}
	for _, test := range []struct {
		as        *account.Identity
		own, same bool
	}{{nobody(), false, false}, {&root, true, false}, {&root, false, true}} {
		spec.Identity, spec.OwnKeyring = test.as, test.own
		got := output(t, k, spec)
		if got == "" || got == "-1\n" || (got == strconv.Itoa(caller)+"\n") != test.same {
			t.Errorf("as %s, own %v: the session keyring is %q, and the caller's is %d", test.as.Name, test.own, got, caller)
		}
	}
}

// A command may stop the keeper by the thread that has its uid. It is ended
// all the same.
func TestStoppedKeeperEnds(t *testing.T) {
	k := newKeeper(t)
	p, _ := launch(t, k, sh("echo ready; while :; do sleep 1000; done"))
	if err := unix.Kill(k.PID(), unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := k.End(within(t), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Wait(within(t)); err != nil {
		t.Error(err)
	}
}
