//go:build vm

package engines

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/discover/engine"
	"github.com/capmon/capmon/internal/testenv"
)

// plain is an image for what has to go wrong.
var plain = Image{Busybox: []string{"sh", "true", "sleep", "chroot", "cat", "chown"}, Changes: []string{`CMD ["sleep", "1000"]`}}

const plainName = "plain"

// capmonCommand is capmon discover by an engine, with the machine's network so
// that none has to be made.
func capmonCommand(t *testing.T, args ...string) (c *exec.Cmd, out, said *bytes.Buffer) {
	c = exec.Command(os.Getenv(envBinary), append([]string{"discover"}, args...)...)
	c.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir())
	out, said = new(bytes.Buffer), new(bytes.Buffer)
	c.Stdout, c.Stderr = out, said
	return c, out, said
}

func exitStatus(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit == nil {
		return 0
	}
	return exit.ExitCode()
}

// What is wrong is said in one sentence, and leaves nothing.
func TestWrong(t *testing.T) {
	by := chosen(t)
	testenv.Must(t, plain.load(by, plainName))
	for _, c := range []struct {
		name   string
		args   []string
		status int
		says   string
		lines  int // on standard error; 0 is any number
	}{
		{"no image", []string{"--" + by, "nosuch"}, 2, `^capmon discover: --` + by + `: ` + by + ` has no image "nosuch": build or pull it first, capmon pulls none \(.*nosuch.*\)\n$`, 1},
		{"no option", []string{"--" + by, plainName, "--run-option=--nosuch"}, 2, `^capmon discover: ` + by + ` makes no container of this: unknown flag: --nosuch\n$`, 1},
		{"no user", []string{"--" + by, plainName, "--run-option=--user=nosuch"}, 2, `^capmon discover: ` + by + ` makes no container of this: the image has no user "nosuch"\n$`, 1},
		{"ends at once", []string{"--" + by, plainName, "--run-option=--network=host", "--ready", "false", "--", "true"}, 1, `exit 0 before it was ready`, 0},
		{"no program", []string{"--" + by, plainName, "--run-option=--network=host", "--", "/nosuch"}, 1, `/nosuch`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd, out, said := capmonCommand(t, c.args...)
			if got := exitStatus(t, cmd.Run()); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			if !regexp.MustCompile(c.says).MatchString(said.String()) || c.lines > 0 && strings.Count(said.String(), "\n") != c.lines {
				t.Errorf("it says %q, want %s", said, c.says)
			}
			if c.status == 2 && out.Len() > 0 {
				t.Errorf("a mistake printed on standard output: %s", out)
			}
			nothingLeft(t, by)
		})
	}
}

// A daemon that is not there.
func TestNoDaemon(t *testing.T) {
	if by := chosen(t); by != engine.Docker {
		return // podman has none
	}
	testenv.Must(t, exec.Command("systemctl", "stop", "docker.socket", "docker.service").Run())
	defer func() { testenv.Must(t, exec.Command("systemctl", "start", "docker.service").Run()) }()
	cmd, _, said := capmonCommand(t, "--docker", plainName)
	if status := exitStatus(t, cmd.Run()); status != 125 || !regexp.MustCompile(`^capmon discover: --docker: docker does not work: Cannot connect to the Docker daemon.*\n$`).MatchString(said.String()) {
		t.Errorf("status %d, and it says %q", status, said)
	}
}

// Whichever signal ends capmon, the container goes with it.
func TestEngineKilled(t *testing.T) {
	by := chosen(t)
	testenv.Must(t, plain.load(by, plainName))
	for _, signal := range []syscall.Signal{unix.SIGINT, unix.SIGKILL} {
		t.Run(unix.SignalName(signal), func(t *testing.T) {
			killed(t, signal, func(args ...string) *exec.Cmd { return exec.Command(by, args...) }, "--"+by, plainName, "--run-option=--network=host")
			nothingLeft(t, by)
		})
	}
}

// killed ends capmon by a signal while the container runs, and waits until that
// is gone.
func killed(t *testing.T, signal syscall.Signal, client func(...string) *exec.Cmd, args ...string) {
	t.Helper()
	fifo := filepath.Join(t.TempDir(), "ready")
	testenv.Must(t, unix.Mkfifo(fifo, 0o600))
	cmd, _, said := capmonCommand(t, append(args, "--ready", `test -n "$CONTAINER" && echo "$CONTAINER" >`+fifo+` && exec sleep 1000`, "--", "sleep", "1000")...)
	testenv.Must(t, cmd.Start())
	// Opening waits for the hook, which is run when the container does.
	f, err := os.Open(fifo)
	testenv.Must(t, err)
	defer f.Close()
	name, err := bufio.NewReader(f).ReadString('\n')
	testenv.Must(t, err)
	if client("container", "inspect", strings.TrimSpace(name)).Run() != nil {
		t.Errorf("there is no container %s", name)
	}
	testenv.Must(t, cmd.Process.Signal(signal))
	want := 128 + int(signal)
	if signal == unix.SIGKILL {
		want = -1 // as package exec has it
	}
	if got := exitStatus(t, cmd.Wait()); got != want {
		t.Errorf("status %d, want %d: %s", got, want, said)
	}
	// What a capmon leaves that was killed is removed behind its back.
	for began := time.Now(); time.Since(began) < 2*time.Minute; {
		if out, err := client("ps", "--all", "--quiet").Output(); err == nil && len(bytes.TrimSpace(out)) == 0 {
			return
		}
	}
	t.Error("the container is left")
}
