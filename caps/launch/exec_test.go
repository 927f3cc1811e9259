package launch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
)

// script writes an executable file into a directory that everybody may read.
func script(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "launch")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExecErrors(t *testing.T) {
	k := newKeeper(t)
	plain := script(t, "plain", "echo x\n", 0o644)
	lost := script(t, "lost", "#!/no/such/interpreter\n", 0o755)
	closed := script(t, "closed", "echo x\n", 0o755)
	if err := os.Chmod(filepath.Dir(closed), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path   string
		errno  syscall.Errno
		status int
		text   string
	}{
		{"/no/such/file", unix.ENOENT, 127, "no such file"},
		{"no-such-command", unix.ENOENT, 127, "command not found"},
		{"", unix.ENOENT, 127, "command not found"},
		{plain, unix.EACCES, 126, "permission denied"},
		{"/etc", unix.EACCES, 126, "permission denied"},
		{"/etc/passwd/x", unix.ENOTDIR, 126, "not a directory"},
		{lost, unix.ENOENT, 127, "interpreter does not exist"},
		{closed, unix.EACCES, 126, "permission denied"},
	} {
		spec := Spec{Path: test.path, Args: []string{"x"}, Env: os.Environ(), Identity: nobody(), Grant: grant()}
		_, err := k.Launch(within(t), spec, nil)
		var exec *ExecError
		if !errors.As(err, &exec) {
			t.Errorf("%q: error is %v", test.path, err)
			continue
		}
		if exec.Errno != test.errno || exec.ExitStatus() != test.status || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%q: %v (%d), want errno %d, status %d and %q", test.path, err, exec.ExitStatus(), test.errno, test.status, test.text)
		}
		if !errors.Is(err, test.errno) {
			t.Errorf("%q: the errno is not in the chain of %v", test.path, err)
		}
	}
}

func TestMissingDirectory(t *testing.T) {
	k := newKeeper(t)
	for _, dir := range []string{"/no/such/directory", "/etc/passwd"} {
		spec := Spec{Path: "/bin/true", Args: []string{"true"}, Dir: dir}
		_, err := k.Launch(within(t), spec, nil)
		var setup *SetupError
		if !errors.As(err, &setup) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: error is %v", dir, err)
		}
	}
}

func TestTextWithoutInterpreterIsRunByTheShell(t *testing.T) {
	k := newKeeper(t)
	const text = "echo \"$0 $1\"\n"
	path := script(t, "-text", text, 0o755)
	dashed := filepath.Join(filepath.Dir(path), "-d", "text")
	if err := os.Mkdir(filepath.Dir(dashed), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dashed, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		spec Spec
		want string
	}{
		{Spec{Path: path, Args: []string{"ignored", "one"}}, path + " one\n"},
		{Spec{Path: "-d/text", Dir: filepath.Dir(filepath.Dir(dashed)), Args: []string{"text", "three"}}, "./-d/text three\n"},
		{Spec{Path: "-text", Env: []string{"PATH=" + filepath.Dir(path)}, Args: []string{"-text", "two"}}, path + " two\n"},
	} {
		arms := 0
		out := start(t, &test.spec)
		p, err := k.Launch(within(t), test.spec, func(int) error { arms++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		test.spec.Stdout.Close()
		if got := out(); got != test.want {
			t.Errorf("printed %q, want %q", got, test.want)
		}
		if p.Path != "/bin/sh" {
			t.Errorf("executed %s", p.Path)
		}
		if arms != 2 {
			t.Errorf("armed %d times, want before each of two forks", arms)
		}
		if _, err := p.Wait(within(t)); err != nil {
			t.Fatal(err)
		}
	}
}

// The search is made with the command's rights, not with capmon's: a
// directory that is closed to nobody is passed over, as nobody's shell does.
func TestPathSearch(t *testing.T) {
	k := newKeeper(t)
	closed := script(t, "tool", "#!/bin/sh\necho closed\n", 0o755)
	if err := os.Chmod(filepath.Dir(closed), 0o700); err != nil {
		t.Fatal(err)
	}
	unusable := script(t, "tool", "#!/bin/sh\necho unusable\n", 0o644)
	open := script(t, "tool", "#!/bin/sh\necho open\n", 0o755)
	directory := filepath.Dir(script(t, "x", "", 0o644))
	if err := os.Mkdir(filepath.Join(directory, "tool"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := strings.Join([]string{"/no/such", filepath.Dir(closed), filepath.Dir(unusable), directory, filepath.Dir(open)}, ":")

	spec := Spec{Path: "tool", Args: []string{"tool"}, Env: []string{"PATH=" + path}}
	if out := output(t, k, spec); out != "closed\n" {
		t.Errorf("root got %q", out)
	}
	spec.Identity = nobody()
	for _, spec.Grant = range []*caps.Set{nil, grant()} {
		if out := output(t, k, spec); out != "open\n" {
			t.Errorf("nobody under %v got %q", spec.Grant, out)
		}
	}

	spec.Env = []string{"PATH=/no/such:" + filepath.Dir(unusable)}
	var exec *ExecError
	if _, err := k.Launch(within(t), spec, nil); !errors.As(err, &exec) || exec.Errno != unix.EACCES {
		t.Errorf("nothing executable: error is %v", err)
	}

	// An empty element is the working directory, the command's.
	spec.Env, spec.Dir = []string{"PATH=:/no/such"}, filepath.Dir(open)
	if out := output(t, k, spec); out != "open\n" {
		t.Errorf("in its directory nobody got %q", out)
	}
	spec.Path, spec.Env, spec.Dir = "sh", nil, ""
	spec.Args = []string{"sh", "-c", "echo default"}
	if out := output(t, k, spec); out != "default\n" {
		t.Errorf("without PATH: %q", out)
	}
}

func TestLookPath(t *testing.T) {
	path := script(t, "tool", "", 0o755)
	dir := filepath.Dir(path)
	for _, test := range []struct{ file, path, dir, want string }{
		{"tool", "/no/such:" + dir, "", path},
		{"tool", ":", dir, "./tool"},
		{"./tool", "", dir, "./tool"},
		{path, "", "", path},
		{"tool", "/no/such", dir, ""},
		{"tool", filepath.Dir(script(t, "tool", "", 0o644)), "", ""},
		{"./other", dir, dir, ""},
	} {
		got, err := LookPath(test.file, test.path, test.dir)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("LookPath(%q, %q, %q) = %q, %v, want %q", test.file, test.path, test.dir, got, err, test.want)
		}
	}
}

// The tracer must follow the forking thread before there is a child.
func TestArmComesBeforeTheChild(t *testing.T) {
	k := newKeeper(t)
	var tid int
	p, err := k.Launch(within(t), sh("exec sleep 1000"), func(id int) error {
		tid = id
		if left, err := descendants(k.PID()); err != nil || len(left) > 0 {
			t.Errorf("when armed there were already %v, %v", left, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// The kernel lists a child under the thread that forked it.
	children, err := os.ReadFile(filepath.Join("/proc", itoa(k.PID()), "task", itoa(tid), "children"))
	if err != nil || strings.TrimSpace(string(children)) != itoa(p.PID) {
		t.Errorf("thread %d has children %q, want %d (%v)", tid, children, p.PID, err)
	}
	if err := k.End(within(t), 0); err != nil {
		t.Error(err)
	}
}

func TestArmRefuses(t *testing.T) {
	k := newKeeper(t)
	mark := filepath.Join(t.TempDir(), "mark")
	refusal := errors.New("no tracer")
	_, err := k.Launch(within(t), sh("touch "+mark), func(int) error { return refusal })
	if !errors.Is(err, refusal) {
		t.Errorf("error is %v", err)
	}
	if err := k.WaitAll(within(t)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("the command was started all the same")
	}
	output(t, k, sh("true"))
}

func TestLaunchIsCalledOff(t *testing.T) {
	k := newKeeper(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := k.Launch(ctx, sh("true"), nil); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if err := k.End(within(t), 0); err != nil {
		t.Error(err)
	}
	output(t, k, sh("true"))
}

func TestExit(t *testing.T) {
	k := newKeeper(t)
	for script, code := range map[string]int{"exit 0": 0, "exit 3": 3, "exit 255": 255, "kill -9 $$": 137, "kill -TERM $$": 143} {
		_, exit := run(t, k, sh(script))
		if exit.Code() != code || !exit.Alone {
			t.Errorf("%s: %d, alone %v, want %d alone", script, exit.Code(), exit.Alone, code)
		}
		if exit.Duration <= 0 || exit.Duration > patient {
			t.Errorf("%s: took %v", script, exit.Duration)
		}
	}
}
