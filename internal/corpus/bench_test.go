package corpus

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace/follow"
)

// BenchmarkAttempt is what an attempt costs beside the command itself, as
// median-µs: "alone" starts true(1) and waits for it, and the others, traced
// as in a discovery, are to be compared with that.
func BenchmarkAttempt(b *testing.B) {
	testenv.NeedRoot(b, "granting capabilities")
	b.Run("alone", func(b *testing.B) {
		median(b, func() error { return exec.Command("/bin/true").Run() })
	})
	identity, err := account.Lookup("nobody")
	if err != nil {
		b.Fatal(err)
	}
	config := attempt.Config{
		Command: []string{"/bin/true", ""}, Identity: identity, Env: identity.Environ(os.Environ()),
		Timeout: time.Minute, Warn: func(err error) { b.Error(err) },
	}
	keeper, err := launch.StartKeeper()
	if err != nil {
		b.Fatal(err)
	}
	defer keeper.Close()
	boxes, err := launch.NewSandboxes(sandbox.Options{})
	if err != nil {
		b.Fatal(err)
	}
	tracer, err := follow.Open("")
	if err != nil {
		b.Fatal(err)
	}
	defer tracer.Close()
	for _, way := range []struct {
		name      string
		attempter controller.Attempter
	}{
		{"attempt", attempt.NewRunner(config, keeper, tracer)},
		{"attempt untraced", attempt.NewRunner(config, keeper, nil)},
		{"sandbox", attempt.NewSandboxed(config, boxes, tracer)},
	} {
		b.Run(way.name, func(b *testing.B) {
			median(b, func() error {
				_, err := way.attempter.Attempt(context.Background(), controller.Request{})
				return err
			})
		})
	}
}

// median reports the median of how long f takes.
func median(b *testing.B, f func() error) {
	b.Helper()
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "median-µs")
}
