package launch

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/capmon/capmon/internal/testenv"
)

// The descriptors are looked at from outside, since every way to list one's
// own opens one more.
func TestCommandHasThreeDescriptors(t *testing.T) {
	testenv.NeedRoot(t, "changing users and capabilities")
	// One that is not close-on-exec, as a shell gives it by 9</etc/shadow.
	secret, err := os.Open("/etc/shadow")
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	held, err := syscall.Dup(int(secret.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(held)

	k := newKeeper(t)
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer feed.Close()
	// The shell itself, which has loaded its libraries when it says so.
	spec := Spec{Path: "/bin/sh", Args: []string{"sh", "-c", "echo ready; read line || true"}, Stdin: in}
	p, _ := launch(t, k, spec)
	if fds := descriptors(t, p.PID); !slices.Equal(fds, []string{"0", "1", "2"}) {
		t.Errorf("the command has descriptors %v", fds)
	}
	// Pipes end for the command as they do without capmon.
	feed.Close()
	if exit, err := p.Wait(within(t)); err != nil || exit.Status != 0 {
		t.Errorf("the shell ended with %v, %v", exit, err)
	}
}

func descriptors(t *testing.T, pid int) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("/proc", itoa(pid), "fd"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names
}

// A command has the signals, the limits and the priority with which capmon
// was started, whatever Go's runtime and the keeper do with theirs.
func TestCommandInheritsWhatCapmonWasStartedWith(t *testing.T) {
	testenv.NeedRoot(t, "changing users and capabilities")
	for _, test := range []struct{ name, prelude string }{
		{"plain", ""},
		{"nohup", "trap '' HUP"},
		{"background job", "trap '' INT"},
		{"stop signals", "trap '' TSTP TTIN TTOU"},
		{"few descriptors", "ulimit -Sn 77"},
		{"hard limit", "ulimit -n 99"},
		{"nice", "exec nice -n 5 sh -c '$0 \"$@\"' \"$@\""},
		{"umask", "umask 027"},
	} {
		t.Run(test.name, func(t *testing.T) {
			const report = "grep -E '^(Sig(Blk|Ign|Cgt)|Umask)' /proc/self/status; ulimit -Sn; ulimit -Hn; nice; umask"
			probe := []string{"/bin/bash", "-c", report}
			direct := after(t, test.prelude, probe, exec.Command)
			launched := after(t, test.prelude, probe, func(name string, args ...string) *exec.Cmd {
				return role(t, "launchone", append([]string{name}, args...)...)
			})
			if direct != launched {
				t.Errorf("directly:\n%s\nlaunched:\n%s", direct, launched)
			}
		})
	}
}

// after runs what command makes of argv from a shell that has run prelude.
func after(t *testing.T, prelude string, argv []string, command func(string, ...string) *exec.Cmd) string {
	t.Helper()
	inner := command(argv[0], argv[1:]...)
	cmd := exec.Command("/bin/bash", append([]string{"-c", prelude + "\n\"$@\"", "bash"}, inner.Args...)...)
	cmd.Env = inner.Env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v: %s", cmd.Args, err, &out)
	}
	return out.String()
}

func TestCommandStaysInProcessGroupAndSession(t *testing.T) {
	k := newKeeper(t)
	out := output(t, k, sh("cut -d' ' -f5,6 /proc/self/stat"))
	own, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join(strings.Fields(string(own))[4:6], " ")
	if got := strings.TrimSpace(out); got != want {
		t.Errorf("process group and session are %s, want %s", got, want)
	}
}

func TestEnvironmentAndDirectory(t *testing.T) {
	k := newKeeper(t)
	dir := t.TempDir()
	spec := Spec{Path: "/usr/bin/env", Args: []string{"env"}, Env: []string{"A=1", "B=\xff\xfe", "C="}}
	if out := output(t, k, spec); out != "A=1\nB=\xff\xfe\nC=\n" {
		t.Errorf("the environment is %q", out)
	}
	spec = sh("pwd -P")
	spec.Dir = dir
	if out := output(t, k, spec); out != dir+"\n" {
		t.Errorf("the directory is %q, want %q", out, dir)
	}
}

// Arguments may be longer than a packet of the socket.
func TestLongArguments(t *testing.T) {
	k := newKeeper(t)
	args := []string{"sh", "-c", "echo $#", "sh"}
	for range 10000 {
		args = append(args, strings.Repeat("x", 100))
	}
	if out := output(t, k, Spec{Path: "/bin/sh", Args: args}); out != "10000\n" {
		t.Errorf("the command saw %q arguments", out)
	}
}

func TestNilFilesAreNull(t *testing.T) {
	k := newKeeper(t)
	spec := Spec{Path: "/bin/sh", Args: []string{"sh", "-c", "read x; test $? = 1 && echo lost && echo lost >&2"}}
	p, err := k.Launch(within(t), spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	if exit, err := p.Wait(within(t)); err != nil || exit.Status != 0 {
		t.Errorf("ended with %v, %v", exit, err)
	}
}

// Whoever reads the command's output sees its end when the command closes it,
// not only when it exits.
func TestPipesEndWithTheCommandsOwn(t *testing.T) {
	k := newKeeper(t)
	spec := sh("echo closing; exec >&- 2>&-; exec sleep 1000")
	out := start(t, &spec)
	if _, err := k.Launch(within(t), spec, nil); err != nil {
		t.Fatal(err)
	}
	spec.Stdout.Close()
	if got := out(); got != "closing\n" {
		t.Errorf("read %q", got)
	}
	if left, err := k.Leftovers(); err != nil || len(left) != 1 {
		t.Errorf("left are %v, %v: the command should still run", left, err)
	}
}
