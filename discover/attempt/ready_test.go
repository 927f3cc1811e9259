package attempt_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/internal/testenv"
)

// everywhere runs a test on the host and in a sandbox.
func everywhere(t *testing.T, test func(t *testing.T, in place)) {
	t.Helper()
	requireRoot(t)
	t.Run("host", func(t *testing.T) { test(t, onHost(t, nil)) })
	t.Run("sandbox", func(t *testing.T) { test(t, inSandbox(t, nil, sandbox.Options{})) })
}

// once makes one attempt as nobody, with nothing, in a directory that DIR in
// the commands stands for.
func once(t *testing.T, in place, c attempt.Config) (controller.Attempt, error) {
	t.Helper()
	return attempter(t, in, c).Attempt(context.Background(), controller.Request{})
}

func attempter(t *testing.T, in place, c attempt.Config) controller.Attempter {
	t.Helper()
	dir := testenv.OpenToAll(t)
	for _, command := range []*string{&c.Setup, &c.Check, &c.Cleanup, &c.Ready, &c.Command[0]} {
		*command = strings.ReplaceAll(*command, "DIR", dir)
	}
	var err error
	c.Identity, err = account.Lookup("nobody")
	testenv.Must(t, err)
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	if c.Timeout == 0 {
		c.Timeout = time.Hour
	}
	if c.Warn == nil {
		c.Warn = func(err error) { t.Errorf("warned: %v", err) }
	}
	return in(c)
}

// TestReady is about how an attempt with a readiness command ends. No time
// limit is met but by those that can only end so.
func TestReady(t *testing.T) {
	const created = "test -e DIR/f"
	everywhere(t, func(t *testing.T, in place) {
		for _, test := range []struct {
			name, command, ready string
			timeout              time.Duration
			success              bool
			outcome              string // or its beginning
			output               string
		}{
			{name: "a daemon", command: "touch DIR/f; exec sleep 1000", ready: created, success: true, outcome: "ready"},
			{name: "a daemon in the background", command: "{ touch DIR/f; exec sleep 1000; } & true", ready: created,
				success: true, outcome: "ready"},
			{name: "it ends", command: "exit 7", ready: "false", outcome: "exit 7 before it was ready"},
			{name: "it ends well", command: "true", ready: "false", outcome: "exit 0 before it was ready"},
			{name: "it ends while the readiness command waits", ready: "test -e DIR/f && touch DIR/g && sleep 1000",
				command: "touch DIR/f; until test -e DIR/g; do :; done; exit 7", outcome: "exit 7 before it was ready"},
			{name: "all that it leaves ends", command: "sleep .1 & true", ready: "false",
				outcome: "exit 0 and no process left, before it was ready"},
			{name: "it ends when it is ready", command: "echo $$ >DIR/f; exec sleep 1000", outcome: "killed by SIGKILL",
				ready: "test -s DIR/f && { kill -9 $(cat DIR/f) & }"},
			{name: "never ready", command: "echo own words; exec sleep 1000", ready: "echo no connection; exit 4", timeout: time.Second,
				outcome: "not ready after 1s (readiness command: exit 4)", output: "[readiness command] no connection\nown words\n"},
		} {
			t.Run(test.name, func(t *testing.T) {
				limit := test.timeout
				if limit == 0 {
					limit = time.Hour
				}
				a, err := once(t, in, attempt.Config{Command: []string{test.command}, Ready: test.ready, ReadyTimeout: limit})
				if err != nil || a.Success != test.success || !strings.HasPrefix(a.Outcome, test.outcome) || a.Output != test.output {
					t.Errorf("%v, success %v, %q, output %q; want %v, %q, output %q",
						err, a.Success, a.Outcome, a.Output, test.success, test.outcome, test.output)
				}
			})
		}
	})
}

// TestAlreadyReady: a readiness command that succeeds without the command says
// nothing of it.
func TestAlreadyReady(t *testing.T) {
	everywhere(t, func(t *testing.T, in place) {
		var ready *attempt.AlreadyReadyError
		_, err := once(t, in, attempt.Config{Command: []string{"exec sleep 1000"}, Ready: "true", Cleanup: "touch DIR/cleaned"})
		if !errors.As(err, &ready) || ready.Earlier {
			t.Errorf("already ready: %v", err)
		}
		if _, err := once(t, in, attempt.Config{Command: []string{"exec sleep 1000"}, Ready: "no-such-command"}); !isNotFound(err) {
			t.Errorf("no such readiness command: %v", err)
		}
	})
	// What an attempt leaves behind is in the way of the next.
	a := attempter(t, onHost(t, nil), attempt.Config{Command: []string{"touch DIR/f; exec sleep 1000"}, Ready: "test -e DIR/f"})
	if made, err := a.Attempt(context.Background(), controller.Request{}); err != nil || !made.Success {
		t.Errorf("first attempt: %v, %s", err, made.Outcome)
	}
	var ready *attempt.AlreadyReadyError
	if _, err := a.Attempt(context.Background(), controller.Request{}); !errors.As(err, &ready) || !ready.Earlier {
		t.Errorf("second attempt: %v", err)
	}
}

func isNotFound(err error) bool {
	var hook *attempt.HookError
	return errors.As(err, &hook) && hook.Hook == "ready" && hook.Status == 127
}

// TestTookAllTime: a daemon without a readiness command is told of it, once.
func TestTookAllTime(t *testing.T) {
	requireRoot(t)
	var warned []error
	a := attempter(t, onHost(t, nil), attempt.Config{
		Command: []string{"exec sleep 1000"}, Timeout: 100 * time.Millisecond,
		Warn: func(err error) { warned = append(warned, err) },
	})
	for range 2 {
		if made, err := a.Attempt(context.Background(), controller.Request{}); err != nil || made.Success || made.Exit != 124 {
			t.Errorf("%v, success %v, exit %d", err, made.Success, made.Exit)
		}
	}
	if len(warned) != 1 || !errors.Is(warned[0], attempt.ErrTookAllTime) {
		t.Errorf("warned: %v", warned)
	}
}

// TestExpectOutput looks at all that is printed, whatever is kept of it.
func TestExpectOutput(t *testing.T) {
	requireRoot(t)
	for command, want := range map[string]bool{
		"echo done":     true,
		"printf done":   true,
		"echo not done": false,
		"head -c 99999 /dev/zero | tr '\\0' x; echo; echo done; head -c 99999 /dev/zero": true,
	} {
		a, err := once(t, onHost(t, nil), attempt.Config{Command: []string{command}, ExpectOutput: regexp.MustCompile("^done$")})
		if err != nil || a.Success != want {
			t.Errorf("%q: %v, %s, success %v, want %v", command, err, a.Outcome, a.Success, want)
		}
	}
}
