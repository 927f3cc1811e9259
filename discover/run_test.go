package discover_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/internal/testenv"
)

func shell(command string) discover.Command {
	return discover.Command{Args: []string{command}, User: "nobody"}
}

// run discovers without a tracer, which none of these tests is about.
func run(t *testing.T, c discover.Command, options ...discover.Option) (discover.Report, error) {
	t.Helper()
	testenv.NeedRoot(t, "discovering")
	return discover.Run(t.Context(), c, append(options, discover.WithBackend(discover.NoBackend))...)
}

func TestRunErrors(t *testing.T) {
	if _, err := run(t, discover.Command{}); err == nil {
		t.Error("no command is taken")
	}
	if _, err := run(t, discover.Command{Args: []string{"true"}, User: "no-such-user"}); err == nil {
		t.Error("a user that does not exist is taken")
	}
	if _, err := run(t, shell("true"), discover.WithJobs(2)); err == nil {
		t.Error("attempts at the same time need no sandbox")
	}
	var missing *launch.ExecError
	if _, err := run(t, discover.Command{Args: []string{"no-such-command", "x"}, User: "nobody"}); !errors.As(err, &missing) {
		t.Errorf("no such command: %v", err)
	}
	c := shell("true")
	c.Setup = "echo words; exit 3"
	var hook *attempt.HookError
	if _, err := run(t, c); !errors.As(err, &hook) || hook.Output != "words\n" {
		t.Errorf("setup that fails: %v, %+v", err, hook)
	}
	if _, err := discover.Open(discover.WithBackend("no-such-backend")); err == nil {
		t.Error("a backend that does not exist is taken")
	}
}

// TestNoOptionsNamed: what a Go program gets to read is not about the command
// line.
func TestNoOptionsNamed(t *testing.T) {
	for command, options := range map[string][]discover.Option{
		"false":         nil,
		"chroot / true": {discover.WithMaxRuns(1)},
		"chroot / true && echo >>count && test $(wc -l <count) = 1": {},
	} {
		t.Chdir(testenv.OpenToAll(t))
		r, err := run(t, shell(command), options...)
		if err != nil || r.Reason == "" {
			t.Errorf("%q: %v, reason %q", command, err, r.Reason)
		}
		if strings.Contains(r.Reason, "--") {
			t.Errorf("%q: the reason names an option: %s", command, r.Reason)
		}
	}
	c := shell("true")
	c.Setup = "false"
	if _, err := run(t, c); err == nil || strings.Contains(err.Error(), "--") {
		t.Errorf("the error names an option: %v", err)
	}
}

// TestEnv: the command gets the environment that is given, with what a login
// of the user sets.
func TestEnv(t *testing.T) {
	c := shell(`test "$A$USER" = bnobody && test -z "$C"`)
	c.Env = []string{"PATH=/usr/bin:/bin", "A=b", "USER=root"}
	t.Setenv("C", "d")
	if r, err := run(t, c); err != nil || r.Verdict != discover.Minimal {
		t.Errorf("%s, %v: %s", r.Verdict, err, r.Reason)
	}
	c = discover.Command{Args: []string{"here", "x"}, User: "nobody", Env: []string{"PATH=" + testenv.OpenDir(t)}}
	testenv.Must(t, os.Symlink("/bin/true", strings.TrimPrefix(c.Env[0], "PATH=")+"/here"))
	if r, err := run(t, c); err != nil || r.Verdict != discover.Minimal {
		t.Errorf("a command of its own PATH: %s, %v: %s", r.Verdict, err, r.Reason)
	}
}

// TestObserver: every attempt begins, and ends with its number.
func TestObserver(t *testing.T) {
	var begun, ended []caps.Set
	c := shell("chroot / true")
	c.Cleanup = "false"
	var warned error
	r, err := run(t, c, discover.WithObserver(discover.Observer{
		Begin: func(r discover.Request) { begun = append(begun, r.Grant) },
		End: func(n int, a discover.Attempt) {
			if ended = append(ended, a.Granted); n != len(ended) {
				t.Errorf("attempt %d ended after %d others", n, len(ended)-1)
			}
		},
		Warn: func(err error) { warned = err },
	}))
	if err != nil || len(begun) != len(r.Runs) || len(ended) != len(r.Runs) {
		t.Errorf("%v: %d begun, %d ended, %d in the report", err, len(begun), len(ended), len(r.Runs))
	}
	if warned == nil {
		t.Error("not told of a cleanup that failed")
	}
}

// TestInterrupted: a context that ends takes nothing away that is known.
func TestInterrupted(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	ctx, cancel := context.WithCancel(t.Context())
	r, err := discover.Run(ctx, shell("chroot / true"), discover.WithBackend(discover.NoBackend),
		discover.WithObserver(discover.Observer{End: func(int, discover.Attempt) { cancel() }}))
	if err != nil || !r.Interrupted || len(r.Runs) != 1 {
		t.Errorf("%v, interrupted %v, %d attempts", err, r.Interrupted, len(r.Runs))
	}
}
