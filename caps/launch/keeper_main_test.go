package launch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capmon/capmon/internal/testenv"
)

// A capmon that is set-user-ID or has file capabilities must be no ladder:
// the keeper, which anyone can start, gives nothing that its caller lacks.
func TestKeeperLendsNothingOfItsFile(t *testing.T) {
	testenv.NeedRoot(t, "changing users and capabilities")
	for _, test := range []struct{ name, file string }{
		{"set-user-ID", privileged(t, "chmod", "4755")},
		{"set-group-ID", privileged(t, "chmod", "2755")},
		{"file capabilities", privileged(t, "setcap", "cap_setuid,cap_setgid,cap_setpcap,cap_net_admin=ep")},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := newKeeper(t)
			spec := Spec{
				Path: executableCopy(t), Args: []string{"attacker", test.file},
				Env:      []string{roleEnv + "=attacker"},
				Identity: nobody(),
			}
			got := output(t, k, spec)
			for name, want := range map[string]string{
				"Uid": "65534 65534 65534 65534", "Gid": "65534 65534 65534 65534",
				"CapInh": none, "CapPrm": none, "CapEff": none, "CapAmb": none,
				"grantable": "0",
			} {
				if value := field(t, got, name); value != want {
					t.Errorf("%s is %s, want %s", name, value, want)
				}
			}
			if denied := field(t, got, "root"); !strings.Contains(denied, "permission denied") {
				t.Errorf("as root: %s", denied)
			}
		})
	}
}

// capmon without any privilege still runs commands.
func TestOrdinaryUser(t *testing.T) {
	k := newKeeper(t)
	spec := Spec{
		Path: executableCopy(t), Args: []string{"launchone", "/bin/cat", "/proc/self/status"},
		Env:      []string{roleEnv + "=launchone"},
		Identity: nobody(),
	}
	got := output(t, k, spec)
	if uid := field(t, got, "Uid"); uid != "65534 65534 65534 65534" {
		t.Errorf("Uid is %s", uid)
	}
	if eff := field(t, got, "CapEff"); eff != none {
		t.Errorf("CapEff is %s", eff)
	}
}

const none = "0000000000000000"

// privileged is a copy of the test binary on which a command was run.
func privileged(t *testing.T, command, argument string) string {
	t.Helper()
	path := executableCopy(t)
	if out, err := exec.Command(command, argument, path).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
	return path
}

// executableCopy is a copy of the test binary where everybody may execute it.
func executableCopy(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	return script(t, filepath.Base(self), string(text), 0o755)
}

func TestIsKeeper(t *testing.T) {
	if isKeeper() {
		t.Error("a process without the mark is a keeper")
	}
	t.Setenv(keeperEnv, "1")
	// Descriptor 3 of the test binary may be anything but a Unix socket.
	if isKeeper() {
		t.Error("a process without the socket is a keeper")
	}
}

func TestKeeperHasItsOwnName(t *testing.T) {
	k := newKeeper(t)
	p, err := readProc(k.PID())
	if err != nil || p.comm != keeperName {
		t.Errorf("the keeper is called %q, %v", p.comm, err)
	}
	// `pkill -9 capmon` looks for a substring.
	if strings.Contains(keeperName, "capmon") {
		t.Errorf("%q would be killed together with capmon", keeperName)
	}
}

// A program that is executed again without becoming a keeper would start the
// next one, and so on.
func TestStartKeeperTakesKeeperMain(t *testing.T) {
	mayKeep.Store(false)
	defer mayKeep.Store(true)
	if k, err := StartKeeper(); err != ErrNoKeeperMain {
		t.Errorf("StartKeeper returned %v, %v", k, err)
	}
	if box, err := new(Sandboxes).Start(); err != ErrNoKeeperMain {
		t.Errorf("Start returned %v, %v", box, err)
	}
}
