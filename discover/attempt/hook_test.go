package attempt_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/controller"
)

// deaf is a hook that runs for ever and takes no notice of SIGTERM.
const deaf = "trap '' TERM; echo deaf; while :; do sleep 1000; done"

// A hook has a limit of time wherever it runs, and whatever it ignores.
func TestHookTimeout(t *testing.T) {
	requireRoot(t)
	begun := filepath.Join(t.TempDir(), "begun")
	for _, test := range []struct {
		name string
		// set gives the hook to the attempt.
		set  func(*attempt.Config)
		want string
	}{
		{"setup", func(c *attempt.Config) { c.Setup = deaf }, "setup failed: timed out after 50ms"},
		{"check", func(c *attempt.Config) { c.Check = deaf }, "exit 0, check failed: timed out after 50ms"},
		{"cleanup", func(c *attempt.Config) { c.Cleanup = deaf }, "cleanup failed: timed out after 50ms"},
		{"ready", func(c *attempt.Config) {
			// Not before the command has been started, which takes long else.
			c.Command = []string{"touch " + begun + "; exec sleep 1000"}
			c.HookTimeout, c.Ready, c.ReadyTimeout = time.Minute, "test -e "+begun+" || exit 1; "+deaf, 500*time.Millisecond
		}, "not ready after 500ms"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for name, where := range map[string]place{"host": onHost(t, nil), "sandbox": inSandbox(t, nil, sandbox.Options{})} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					var got []string
					config := attempt.Config{
						Command: []string{"true"}, Env: os.Environ(), Identity: account.Identity{Name: "root"},
						Timeout: time.Minute, HookTimeout: 50 * time.Millisecond,
						Warn: func(err error) { got = append(got, err.Error()) },
					}
					test.set(&config)
					a, err := where(config).Attempt(context.Background(), controller.Request{})
					if err != nil {
						got = append(got, err.Error())
					} else {
						got = append(got, a.Outcome)
					}
					if !slices.ContainsFunc(got, func(text string) bool { return strings.HasPrefix(text, test.want) }) {
						t.Errorf("got %q, want %q", got, test.want)
					}
				})
			}
		})
	}
}
