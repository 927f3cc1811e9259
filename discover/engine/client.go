package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/capmon/capmon/caps/account"
)

// clientTimeout is how long the engine may take to answer.
const clientTimeout = time.Minute

// DaemonError says that the engine is installed and does not work.
type DaemonError struct {
	Engine string
	// Words are the engine's own.
	Words string
}

func (e *DaemonError) Error() string { return fmt.Sprintf("%s does not work: %s", e.Engine, e.Words) }

// client is the program by which the engine is told what to do.
type client struct {
	path string
	// as is whose engine it is; nil is root's.
	as *account.Identity
}

func findClient(engine string, as *account.Identity) (client, error) {
	path, err := exec.LookPath(engine)
	if err != nil {
		return client{}, fmt.Errorf("%s is not installed: install it, or name a bundle by --bundle", engine)
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return client{}, fmt.Errorf("find %s: %w", engine, err)
	}
	return client{path, as}, nil
}

// words are those with which a command for root's shell begins.
func (c client) words() []string {
	if c.as == nil {
		return []string{c.path}
	}
	words := []string{"setpriv", "--reuid", strconv.FormatUint(uint64(c.as.UID), 10), "--regid", strconv.FormatUint(uint64(c.as.GID), 10), "--init-groups",
		// The user may not be allowed to be where capmon is.
		"env", "--chdir=/"}
	for _, name := range []string{"HOME", "XDG_RUNTIME_DIR"} {
		for _, variable := range c.environ() {
			if strings.HasPrefix(variable, name+"=") {
				words = append(words, variable)
			}
		}
	}
	return append(words, c.path)
}

// environ is the environment of the client. A user's engine finds what belongs
// to it by these variables, of which sudo leaves root's.
func (c client) environ() []string {
	if c.as == nil {
		return os.Environ()
	}
	var env []string
	for _, variable := range c.as.Environ(os.Environ()) {
		if name, _, _ := strings.Cut(variable, "="); !strings.HasPrefix(name, "XDG_") && name != "DBUS_SESSION_BUS_ADDRESS" {
			env = append(env, variable)
		}
	}
	dir := fmt.Sprintf("/run/user/%d", c.as.UID)
	if _, err := os.Stat(dir); err == nil {
		env = append(env, "XDG_RUNTIME_DIR="+dir)
	}
	return env
}

// command is the client with arguments. It has a process group of its own, so
// that Ctrl-C reaches it only through capmon.
func (c client) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Env = c.environ()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.as != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: c.as.UID, Gid: c.as.GID, Groups: c.as.Groups}
		// The user may not be allowed to see capmon's own.
		cmd.Dir = "/"
	}
	return cmd
}

// output is what the client prints on standard output, without blanks around it.
func (c client) output(ctx context.Context, args ...string) (string, error) {
	out, err := c.exchange(ctx, nil, args...)
	return strings.TrimSpace(string(out)), err
}

// exchange gives the client something to read, and returns what it prints on
// standard output. The error is what it says on standard error, in one line.
func (c client) exchange(ctx context.Context, in []byte, args ...string) ([]byte, error) {
	cmd := c.command(ctx, args...)
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	if in != nil {
		cmd.Stdin = bytes.NewReader(in)
	}
	err := cmd.Run()
	if err == nil {
		return out.Bytes(), nil
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%s %s: %w", filepath.Base(c.path), args[0], ctx.Err())
	}
	if said := lastWords(words.String()); said != "" {
		return out.Bytes(), errors.New(said)
	}
	return out.Bytes(), fmt.Errorf("%s %s: %w", filepath.Base(c.path), args[0], err)
}

// lastWords is the line of what a client said that names the error.
func lastWords(text string) string {
	last := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "See '") || strings.HasPrefix(line, "Run '") {
			continue
		}
		last = line
	}
	last = strings.TrimPrefix(last, "Error response from daemon: ")
	last = strings.TrimPrefix(last, "Error: ")
	return strings.TrimSuffix(last, ".")
}
