package discover

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/caps/sandbox/guard"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/container"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/engine"
	"github.com/capmon/capmon/discover/service"
	"github.com/capmon/capmon/trace/backend"
	"github.com/capmon/capmon/trace/follow"
)

// The limits of time of a Command that sets none.
const (
	DefaultTimeout      = time.Minute
	DefaultReadyTimeout = attempt.DefaultReadyTimeout
	DefaultHookTimeout  = attempt.DefaultHookTimeout
)

// Command is what to run, as whom, and how its success is recognised. Only
// Args must be set, or Service, Container or Image.
type Command struct {
	// Service takes the place of Args, Env, User, Stdin and what is expected of
	// a command's end. It is run as its unit says, through the scenarios that
	// the unit knows, but for those in Skip. Ready adds to its Type=.
	Service *service.Service
	Skip    []Scenario
	// StopRunning: a service that is active is stopped, and started again at
	// the end. Without it that is an error, a *service.RunningError.
	StopRunning bool
	// Container takes the place of Args, Env, User and Stdin. It runs to its
	// end, or, with Ready, as a daemon.
	Container *container.Bundle
	// Image is as Container, and an engine runs it.
	Image *engine.Image
	// CheckInside runs Check inside the container of Image. It takes Ready, and
	// excludes Stop: the container must run.
	CheckInside bool
	// undo is what is bequeathed besides Cleanup.
	undo *launch.Spec
	// Args is run by /bin/sh -c if it is one element, and as it is if there
	// are more. It runs in the working directory of this process.
	Args []string
	// Env is the environment, "KEY=value" each, but for what a login sets
	// (HOME, USER, LOGNAME, SHELL), which is the user's. nil is that of this
	// process.
	Env []string
	// User is NAME[:GROUP], names or numbers. Empty is the user of this
	// process; under sudo, who called sudo.
	User string
	// Stdin is what every attempt gets to read, from its beginning; nil is
	// /dev/null.
	Stdin *os.File

	// Setup, Check, Cleanup and Ready are commands for /bin/sh -c. They run
	// as this process does: Setup before every attempt, Cleanup after it.
	// An attempt has succeeded only if Check, run at its end, does as well.
	Setup, Check, Cleanup string
	// Ready is for a daemon: it is run again and again, and when it succeeds
	// the attempt has, and the daemon is ended. It must fail before the
	// command is started; else the error of Discover is an
	// *attempt.AlreadyReadyError.
	Ready string
	// Exercise, Reload and Stop take a daemon that is ready through more
	// scenarios: commands for /bin/sh -c that run as this process does, with
	// the daemon's process id in MAINPID. Exercise uses it as its clients
	// would, Reload makes it read its configuration again, after which it must
	// be ready again, and Stop ends it, and it must end well. They need Ready.
	Exercise, Reload, Stop string

	// Timeout ends an attempt with all its processes; 0 is DefaultTimeout.
	Timeout time.Duration
	// ReadyTimeout is how long a daemon may take until Ready succeeds; 0 is
	// DefaultReadyTimeout, and less once it has shown that it takes less.
	ReadyTimeout time.Duration
	// HookTimeout ends each run of Setup, Check, Cleanup and Ready; 0 is
	// DefaultHookTimeout.
	HookTimeout time.Duration
	// ExpectExit is the exit status that counts as success.
	ExpectExit int
	// ExpectOutput, if set, must match a line of what the command prints, as
	// grep(1) would.
	ExpectOutput *regexp.Regexp
}

// Run finds the smallest set of capabilities with which the command succeeds,
// and proves that each of them is needed. It is Open, Discover and Close.
//
// When ctx ends, or the attempts are used up, the report says what was known
// by then, and there is no error.
func Run(ctx context.Context, c Command, options ...Option) (_ Report, err error) {
	d, err := Open(options...)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Discover(ctx, c)
}

// ErrNotRoot is the error of Open in a process that is not root's. To run a
// command of the caller's choosing with capabilities is as good as being root.
var ErrNotRoot = errors.New("discovering grants capabilities, which takes root")

// Discoverer makes one discovery after the other, with one tracer and one
// keeper (see package launch) for all.
type Discoverer struct {
	settings  settings
	keeper    *launch.Keeper
	sandboxes *launch.Sandboxes // nil: attempts are made on the machine itself
	guard     *guard.Guard      // nil: devices are guarded by mounts alone
	tracer    *follow.Tracer    // nil: nothing is traced
}

// Open prepares for discoveries: it starts the keeper and loads the tracer.
//
// A command inherits which signals are ignored from the time of Open. So call
// it before signal.Notify, where that matters, as under nohup(1).
func Open(options ...Option) (*Discoverer, error) {
	if os.Getuid() != 0 || os.Geteuid() != 0 {
		return nil, ErrNotRoot
	}
	s, err := newSettings(options)
	if err != nil {
		return nil, err
	}
	d := &Discoverer{settings: s}
	if err := d.open(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// open loads what traces while the keeper starts, for both take their time.
func (d *Discoverer) open() (err error) {
	if err := d.enoughFiles(); err != nil {
		return err
	}
	// What a sandbox inherits is noted before eBPF raises a limit.
	if d.settings.sandbox != nil {
		if d.sandboxes, err = launch.NewSandboxes(*d.settings.sandbox); err != nil {
			return err
		}
	}
	var loadErr error
	if d.keeper, err = launch.StartKeeper(func() { loadErr = d.load() }); err != nil {
		return err
	}
	return loadErr
}

// enoughFiles says whether so many files may be open as sandboxes take that exist
// at the same time, beside what traces in them.
func (d *Discoverer) enoughFiles() error {
	if d.settings.backend == NoBackend || d.settings.sandbox == nil {
		return nil
	}
	const tracer, sandbox = 64, 32
	enough := uint64(tracer + sandbox*max(1, d.settings.search.Jobs))
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil || files.Cur >= enough {
		return nil
	}
	return &backend.UnsupportedError{Hint: fmt.Sprintf("only %d open files are allowed: raise the limit to %d or more (ulimit -n)", files.Cur, enough)}
}

// load loads the guard of the sandboxes and the tracer.
func (d *Discoverer) load() (err error) {
	if d.sandboxes != nil {
		d.loadGuard(d.settings.sandbox.Devices)
	}
	if d.settings.backend != NoBackend {
		d.tracer, err = follow.OpenWith(d.settings.types, d.settings.backend)
	}
	return err
}

func (d *Discoverer) loadGuard(devices []string) {
	var err error
	if d.guard, err = guard.Open(d.settings.types, devices); err != nil {
		d.settings.warn(fmt.Errorf("%w: a command with CAP_SYS_ADMIN can open the machine's devices in its sandbox", err))
		return
	}
	d.sandboxes.GuardBy(d.guard)
}

// Close ends what a discovery may have left, and unloads the tracer.
func (d *Discoverer) Close() error {
	var errs []error
	if d.tracer != nil {
		errs = append(errs, d.tracer.Close())
	}
	if d.guard != nil {
		errs = append(errs, d.guard.Close())
	}
	if d.keeper != nil {
		errs = append(errs, d.keeper.Close())
	}
	return errors.Join(errs...)
}

// Backend is the name of the tracer's backend, NoBackend without one.
func (d *Discoverer) Backend() string {
	if d.tracer == nil {
		return NoBackend
	}
	return d.tracer.Backend()
}

// Discover is Run with what is open. The report holds what is known when there
// is an error, too.
//
// The error is a *launch.ExecError if the command does not exist, and an
// *attempt.HookError if Setup failed.
func (d *Discoverer) Discover(ctx context.Context, c Command) (Report, error) {
	if c.Service != nil {
		return d.discoverService(ctx, c)
	}
	if c.Container != nil {
		return d.discoverContainer(ctx, c)
	}
	if c.Image != nil {
		return d.discoverImage(ctx, c)
	}
	if len(c.Args) == 0 {
		return Report{}, errors.New("discover: no command")
	}
	if c.Ready == "" && c.Exercise+c.Reload+c.Stop != "" {
		return Report{}, errors.New("to exercise, reload or stop a daemon takes a readiness command")
	}
	dir, err := os.Getwd()
	if errors.Is(err, fs.ErrNotExist) {
		return Report{}, errors.New("the working directory has been deleted: change to one that exists")
	}
	if err != nil {
		return Report{}, fmt.Errorf("find working directory: %w", err)
	}
	user, err := c.identity()
	if err != nil {
		return Report{}, err
	}
	if err := c.exists(dir); err != nil {
		return Report{}, err
	}
	return d.discover(ctx, c, Report{
		Schema: Schema, Command: c.Args, Given: d.given(c), Directory: dir,
		User: user, Kernel: kernelRelease(), Backend: d.Backend(),
	})
}

// discover searches, as r.User and, if that is of no use, as uid 0.
func (d *Discoverer) discover(ctx context.Context, c Command, r Report) (_ Report, err error) {
	var root *account.Identity
	if c.Service == nil && c.Container == nil && c.Image == nil {
		root = uid0(r.User)
	}
	options := d.settings.search
	options.UID0 = root != nil
	if c.Service != nil {
		options.Grantable = options.Grantable.Minus(c.Service.Unit().Withheld())
	}
	if c.Image != nil {
		options.Grantable &= c.Image.Grantable
	}
	options.Observe = d.settings.end
	attempter := d.attempter(c.config(r.User, root, d.settings))
	r.Result, err = controller.Find(ctx, announced{attempter, d.settings.begin}, options)
	if r.NeedsRoot {
		r.User = *root
	}
	return r, err
}

// given is what c says besides the command.
func (d *Discoverer) given(c Command) controller.Given {
	g := controller.Given{
		User: c.User, Skip: c.Skip, Setup: c.Setup, Check: c.Check, Cleanup: c.Cleanup,
		Ready: c.Ready, Exercise: c.Exercise, Reload: c.Reload, Stop: c.Stop,
		Timeout: c.Timeout, ReadyTimeout: c.ReadyTimeout, HookTimeout: c.HookTimeout,
		ExpectExit: c.ExpectExit, Require: d.settings.search.Require,
	}
	if c.ExpectOutput != nil {
		g.ExpectOutput = c.ExpectOutput.String()
	}
	if c.Service != nil {
		g.Unit, g.OfUser = c.Service.Asked(), c.Service.OfUser()
	}
	if c.Container != nil {
		g.Bundle, g.Runtime = c.Container.Dir, c.Container.Runtime
	}
	if i := c.Image; i != nil {
		g.Engine, g.Image, g.Arguments, g.Options, g.CheckInside = i.Engine, i.Name, i.Args, i.Options, c.CheckInside
	}
	if o := d.settings.sandbox; o != nil {
		g.Sandbox, g.Devices = "yes", o.Devices
		if o.Net {
			g.Sandbox = "net"
		}
	}
	return g
}

// uid0 is the identity of uid 0, in the place of another; nil if the user
// database has none.
func uid0(user account.Identity) *account.Identity {
	root, err := account.Lookup("0")
	if err != nil || user.UID == 0 {
		return nil
	}
	return &root
}

// identity is the user that the command runs as.
func (c Command) identity() (account.Identity, error) {
	switch {
	case c.Service != nil:
		return c.Service.User(), nil
	case c.Container != nil:
		return byNumber(c.Container.UID, c.Container.GID), nil
	case c.Image != nil:
		return byNumber(c.Image.UID, c.Image.GID), nil
	}
	if c.User == "" {
		id, _, err := account.Caller()
		return id, err
	}
	return account.Lookup(c.User)
}

// exists finds a command that is not there before anything is run. What the
// shell runs, the shell has to find.
func (c Command) exists(dir string) error {
	if len(c.Args) == 1 {
		return nil
	}
	_, err := launch.LookPath(c.Args[0], c.path(), dir)
	return err
}

// path is the PATH of the command's environment.
func (c Command) path() string {
	if c.Env == nil {
		return os.Getenv("PATH")
	}
	path := ""
	for _, variable := range c.Env {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			path = value
		}
	}
	return path
}

// config is how attempts are made, as the user or as root.
func (c Command) config(user account.Identity, root *account.Identity, s settings) attempt.Config {
	config := attempt.Config{
		Command: c.Args, Env: c.Env, Identity: user, Root: root, Stdin: c.Stdin,
		Setup: c.Setup, Check: c.Check, Cleanup: c.Cleanup,
		Timeout: c.Timeout, ExpectExit: c.ExpectExit, ExpectOutput: c.ExpectOutput,
		Exercise: c.Exercise, Reload: c.Reload, Stop: c.Stop,
		Service: c.Service, Skip: c.Skip, Undo: c.undo, Container: c.Container, Image: c.Image, CheckInside: c.CheckInside,
		Ready: c.Ready, ReadyTimeout: c.ReadyTimeout, HookTimeout: c.HookTimeout,
		Warn: s.warn, Echo: s.observer.Output,
	}
	if config.Env == nil {
		config.Env = os.Environ()
	}
	if config.Timeout == 0 {
		config.Timeout = DefaultTimeout
	}
	return config
}

func (d *Discoverer) attempter(config attempt.Config) controller.Attempter {
	if d.sandboxes != nil {
		return attempt.NewSandboxed(config, d.sandboxes, d.tracer)
	}
	return attempt.NewRunner(config, d.keeper, d.tracer)
}

// announced says of each attempt that it begins.
type announced struct {
	controller.Attempter
	begin func(Request)
}

func (a announced) Attempt(ctx context.Context, r Request) (controller.Attempt, error) {
	a.begin(r)
	return a.Attempter.Attempt(ctx, r)
}

func kernelRelease() string {
	var u unix.Utsname
	// Cannot fail with a good pointer.
	_ = unix.Uname(&u)
	return unix.ByteSliceToString(u.Release[:])
}
