package attempt_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/controller"
)

// BenchmarkAttempt is one attempt of true(1), outside and in sandboxes. What
// it takes beside the command itself is reported as its median.
func BenchmarkAttempt(b *testing.B) {
	requireRoot(b)
	config := attempt.Config{Command: []string{"/bin/true", ""}, Timeout: time.Minute, Warn: func(err error) { b.Error(err) }}
	var err error
	if config.Identity, err = account.Lookup("nobody"); err != nil {
		b.Fatal(err)
	}
	b.Run("host", func(b *testing.B) {
		keeper, err := launch.StartKeeper()
		if err != nil {
			b.Fatal(err)
		}
		defer keeper.Close()
		measure(b, attempt.NewRunner(config, keeper, nil))
	})
	for _, test := range []struct {
		name, setup string
		options     sandbox.Options
	}{
		{"sandbox", "", sandbox.Options{}},
		{"sandbox with setup", "true", sandbox.Options{}},
		{"sandbox=net", "", sandbox.Options{Net: true}},
	} {
		b.Run(test.name, func(b *testing.B) {
			sandboxes, err := launch.NewSandboxes(test.options)
			if err != nil {
				b.Fatal(err)
			}
			config := config
			config.Setup = test.setup
			measure(b, attempt.NewSandboxed(config, sandboxes, nil))
		})
	}
}

func measure(b *testing.B, a controller.Attempter) {
	var beside []time.Duration
	for b.Loop() {
		began := time.Now()
		made, err := a.Attempt(context.Background(), controller.Request{})
		if err != nil || !made.Success {
			b.Fatal(made.Outcome, err)
		}
		beside = append(beside, time.Since(began)-made.Duration)
	}
	slices.Sort(beside)
	b.ReportMetric(float64(beside[len(beside)/2].Microseconds()), "µs-beside/op")
}
