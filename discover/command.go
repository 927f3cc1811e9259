package discover

import (
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/container"
	"github.com/capmon/capmon/discover/engine"
	"github.com/capmon/capmon/discover/service"
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
