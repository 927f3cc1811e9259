// Package traced runs a command once and says which capabilities it was checked
// for: what `capmon '<cmd>'` does, for Go programs.
//
// The command is started by a keeper, which is the calling program executed a
// second time. So call launch.KeeperMain first in main, and in the TestMain of
// tests:
//
//	func main() {
//		launch.KeeperMain()
//		result, err := traced.Run(context.Background(), traced.Command{
//			Args: []string{"ip link set lo up"}, User: "nobody", Stderr: os.Stderr,
//		})
//		if err != nil {
//			log.Fatal(err)
//		}
//		for _, c := range result.Checks {
//			fmt.Println(c.Verdict, c.Cap, c.Syscall, c.Function)
//		}
//	}
//
// It takes root, or the capabilities that eBPF takes.
package traced

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/follow"
)

// Command is what to run, and as whom. Only Args must be set.
type Command struct {
	// Args is run by /bin/sh -c if it is one element, and as it is if there
	// are more. It runs in the working directory of this process.
	Args []string
	// Env is the environment, "KEY=value" each; nil is that of this process.
	// With a User, what a login sets (HOME, USER, LOGNAME, SHELL) is the
	// user's.
	Env []string
	// Stdin, Stdout and Stderr are all the descriptors that it gets; nil is
	// /dev/null.
	Stdin, Stdout, Stderr *os.File

	// User is NAME[:GROUP], names or numbers. Empty is the user of this
	// process, with its capabilities.
	User string
	// Grant is the set to run with, and set-user-ID bits and file
	// capabilities then lend nothing. nil leaves what the kernel gives.
	Grant *caps.Set
}

// Result is what was seen of a command.
type Result struct {
	launch.Exit
	trace.Trace
	// Backend is the name of that by which it was seen.
	Backend string
}

// Run runs a command to its end, and ends what it leaves behind. To follow
// what it leaves instead, use Open.
//
// The error is a *launch.ExecError if the command could not be executed, and
// ctx's when that ends first; the result then says what was seen until then.
func Run(ctx context.Context, c Command) (result Result, err error) {
	spec, err := c.spec()
	if err != nil {
		return Result{}, err
	}
	t, err := Open("")
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	result.Backend = t.Backend()
	p, err := t.Start(ctx, spec)
	if err == nil {
		result.Exit, err = p.Wait(ctx)
		err = errors.Join(err, p.End(context.WithoutCancel(ctx), grace))
	}
	if p != nil {
		var seenErr error
		result.Trace, seenErr = p.Seen()
		err = errors.Join(err, seenErr)
	}
	return result, err
}

// grace is how long what a command leaves behind may take to end after
// SIGTERM.
const grace = 2 * time.Second

func (c Command) spec() (launch.Spec, error) {
	if len(c.Args) == 0 {
		return launch.Spec{}, errors.New("run traced: no command")
	}
	spec := Spec(c.Args)
	spec.Stdin, spec.Stdout, spec.Stderr = c.Stdin, c.Stdout, c.Stderr
	spec.Grant, spec.NoNewPrivs = c.Grant, c.Grant != nil
	if c.Env != nil {
		spec.Env = c.Env
	}
	if c.User != "" {
		id, err := account.Lookup(c.User)
		if err != nil {
			return spec, err
		}
		spec.Identity, spec.Env = &id, id.Environ(spec.Env)
	}
	return spec, nil
}

// Spec starts args as Command does, in the environment of this process.
func Spec(args []string) launch.Spec {
	if len(args) == 1 {
		return launch.Spec{Path: "/bin/sh", Args: []string{"sh", "-c", args[0]}, Env: os.Environ()}
	}
	return launch.Spec{Path: args[0], Args: args, Env: os.Environ()}
}

// Tracer runs one command after the other.
type Tracer struct {
	keeper *launch.Keeper
	tracer *follow.Tracer
}

// Open starts a keeper and loads the backend named, or the best that loads if
// the name is empty.
//
// A command inherits which signals are ignored from the time of Open. So call
// it before signal.Notify, where that matters, as under nohup(1).
func Open(name string) (*Tracer, error) {
	t := new(Tracer)
	var keeperErr, tracerErr error
	// Both take their time.
	t.keeper, keeperErr = launch.StartKeeper(func() { t.tracer, tracerErr = follow.Open(name) })
	if err := errors.Join(keeperErr, tracerErr); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// Backend is the name of the backend that was loaded.
func (t *Tracer) Backend() string { return t.tracer.Backend() }

// Close ends all that commands have left running, and unloads the tracer.
func (t *Tracer) Close() error {
	err := t.tracer.Close()
	if t.keeper != nil {
		err = errors.Join(err, t.keeper.Close())
	}
	return err
}

// Release lets what the last command has left behind live on. The command
// itself must have ended. All that can be called after it is Close.
func (t *Tracer) Release() error { return t.keeper.Release() }

// Process is a command that was started.
type Process struct {
	tracer    *Tracer
	process   *launch.Process // nil: it could not be executed
	recording *follow.Recording
}

// Start starts a command. The error is launch.ErrBusy while another runs. With
// a *launch.ExecError there is a Process as well, which says what was seen of the
// failure.
func (t *Tracer) Start(ctx context.Context, spec launch.Spec) (*Process, error) {
	p := &Process{tracer: t}
	process, err := t.keeper.Launch(ctx, spec, p.arm)
	var notExecuted *launch.ExecError
	if err != nil && !errors.As(err, &notExecuted) {
		return nil, err
	}
	p.process = process
	return p, err
}

// arm is called again for each file that is tried.
func (p *Process) arm(tid int) (err error) {
	if p.recording == nil {
		p.recording, err = p.tracer.tracer.Arm(tid)
	}
	return err
}

// Wait waits for the end of the command, not of its descendants. When ctx ends
// first, its error is returned and the command runs on.
func (p *Process) Wait(ctx context.Context) (launch.Exit, error) { return p.process.Wait(ctx) }

// WaitAll waits for the end of the command and of all its descendants.
func (p *Process) WaitAll(ctx context.Context) error { return p.tracer.keeper.WaitAll(ctx) }

// Left are the processes of the command that still run.
func (p *Process) Left() ([]launch.Left, error) { return p.tracer.keeper.Leftovers() }

// End ends the command and all its descendants: by SIGTERM, and after grace
// by SIGKILL.
func (p *Process) End(ctx context.Context, grace time.Duration) error {
	return p.tracer.keeper.End(ctx, grace)
}

// Seen is what was seen of the command up to now. It can be asked for once.
func (p *Process) Seen() (trace.Trace, error) {
	if p.recording == nil {
		return trace.Trace{}, nil
	}
	if err := p.recording.Disarm(); err != nil {
		return trace.Trace{}, err
	}
	seen, err := p.recording.Collect()
	if p.process == nil && errors.Is(err, follow.ErrNotSeen) {
		// Not even a process could be made, as with RLIMIT_NPROC.
		err = nil
	}
	return seen, err
}
