package traced_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/traced"
)

func TestMain(m *testing.M) {
	launch.KeeperMain()
	testenv.ExamplesNeedRoot()
	os.Exit(m.Run())
}

func ExampleRun() {
	result, err := traced.Run(context.Background(), traced.Command{
		Args: []string{"chroot", "/", "true"},
		User: "nobody",
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range result.Checks {
		if c.Decisive() {
			fmt.Println(c.Process.Comm, c.Verdict, c.Cap, c.Syscall)
		}
	}
	fmt.Println("exit", result.Code())
	// Output:
	// chroot FAIL CAP_SYS_CHROOT chroot
	// exit 125
}

// verdict is what the command was told of a capability, "" if it was not
// checked for.
func verdict(r traced.Result, c caps.Cap) (v trace.Verdict) {
	for _, check := range r.Checks {
		if check.Cap == c {
			v = check.Verdict
		}
	}
	return v
}

func TestRun(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	chroot := caps.NewSet(caps.SysChroot)
	for _, test := range []struct {
		name    string
		command traced.Command
		exit    int
		want    trace.Verdict
	}{
		{"as nobody", traced.Command{Args: []string{"chroot / true"}, User: "nobody"}, 125, trace.Fail},
		{"with a grant", traced.Command{Args: []string{"chroot / true"}, User: "nobody", Grant: &chroot}, 0, trace.Pass},
		{"as this process", traced.Command{Args: []string{"chroot", "/", "true"}}, 0, trace.Pass},
		{"nothing asked for", traced.Command{Args: []string{"exit 3"}, User: "nobody"}, 3, ""},
		{"environment", traced.Command{Args: []string{"exit $A"}, Env: []string{"A=7"}}, 7, ""},
		{"killed", traced.Command{Args: []string{"kill -TERM $$"}}, 143, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := traced.Run(t.Context(), test.command)
			if err != nil || r.Code() != test.exit || verdict(r, caps.SysChroot) != test.want || r.Lost != 0 {
				t.Errorf("%v: exit %d, %q, %d lost, want exit %d, %q",
					err, r.Code(), verdict(r, caps.SysChroot), r.Lost, test.exit, test.want)
			}
		})
	}
}

func TestRunErrors(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	for _, c := range []traced.Command{{}, {Args: []string{"true"}, User: "no-such-user"}} {
		if _, err := traced.Run(t.Context(), c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	var missing *launch.ExecError
	if _, err := traced.Run(t.Context(), traced.Command{Args: []string{"no-such-command", "x"}}); !errors.As(err, &missing) {
		t.Errorf("no such command: %v", err)
	}
	closed := testenv.OpenDir(t)
	testenv.Must(t, os.Chmod(closed, 0o700))
	r, err := traced.Run(t.Context(), traced.Command{Args: []string{closed + "/x", "y"}, User: "nobody"})
	if !errors.As(err, &missing) || verdict(r, caps.DACReadSearch) != trace.Fail {
		t.Errorf("out of reach: %v, checks %v", err, r.Checks)
	}
	if _, err := traced.Open("no-such-backend"); err == nil {
		t.Error("a backend that does not exist is taken")
	}
}

// TestRunEnds: when the context ends, so does the command, and what it did
// until then is known.
func TestRunEnds(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	read, write, err := os.Pipe()
	testenv.Must(t, err)
	defer read.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		// Until the command says that it has asked, or has ended.
		_, _ = read.Read(make([]byte, 1))
		cancel()
	}()
	r, err := traced.Run(ctx, traced.Command{Args: []string{"chroot / true; echo asked; sleep 1000"}, User: "nobody", Stdout: write})
	write.Close()
	if !errors.Is(err, context.Canceled) || verdict(r, caps.SysChroot) != trace.Fail {
		t.Errorf("%v, checks %v", err, r.Checks)
	}
}

// TestFollow: what a command leaves behind is followed by choice.
func TestFollow(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	tracer, err := traced.Open("")
	testenv.Must(t, err)
	defer tracer.Close()
	read, write, err := os.Pipe()
	testenv.Must(t, err)
	defer read.Close()
	spec := traced.Spec([]string{"{ read line; chroot /; } </dev/stdin & true"})
	spec.Stdin = read
	started, err := tracer.Start(t.Context(), spec)
	testenv.Must(t, err)
	exit, err := started.Wait(t.Context())
	if err != nil || exit.Alone {
		t.Fatalf("%v, alone %v", err, exit.Alone)
	}
	if left, err := started.Left(); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
	if _, err := tracer.Start(t.Context(), spec); !errors.Is(err, launch.ErrBusy) {
		t.Errorf("a second at the same time: %v", err)
	}
	write.Close()
	testenv.Must(t, started.WaitAll(t.Context()))
	seen, err := started.Seen()
	if err != nil || verdict(traced.Result{Trace: seen}, caps.SysChroot) != trace.Pass {
		t.Errorf("%v, checks %v", err, seen.Checks)
	}
}
