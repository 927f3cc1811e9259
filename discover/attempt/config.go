package attempt

import (
	"cmp"
	"errors"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/container"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/discover/engine"
	"github.com/capmon/capmon/discover/service"
)

// Config is what stays the same from attempt to attempt.
type Config struct {
	// Command is run by /bin/sh -c if it is one element, as it is if there
	// are more.
	Command []string
	// Env is the command's environment, but for what a login sets, which is
	// the user's; that of the hooks is capmon's own. The directory is capmon's
	// for both, also where the user could not enter it.
	Env      []string
	Identity account.Identity
	// Root is the identity of an attempt as uid 0; nil if there is none.
	Root *account.Identity
	// Stdin is what every attempt gets to read; nil is /dev/null.
	Stdin *os.File

	// Setup, Check and Cleanup are run by /bin/sh -c, as capmon itself is:
	// Setup before every attempt, Cleanup after it, and Check, while what the
	// command left behind still runs, after one that succeeded so far. It has
	// succeeded only if Check does as well.
	Setup, Check, Cleanup string
	// HookTimeout ends each run of Setup, Check, Cleanup and Ready: SIGTERM, and
	// SIGKILL after a grace. 0 is DefaultHookTimeout.
	HookTimeout time.Duration
	// Timeout ends an attempt with all its processes.
	Timeout time.Duration
	// ExpectExit is the exit status that counts as success.
	ExpectExit int
	// ExpectOutput, if set, must match a line of what the command prints, as
	// grep(1) would.
	ExpectOutput *regexp.Regexp
	// Ready is run again and again while the command runs: when it succeeds,
	// so has the attempt, and the command, a daemon, is ended. It must fail
	// before the command is started, and some process of the command must live
	// when it has succeeded, and a moment later.
	Ready string
	// Exercise, Reload and Stop go with Ready: when the daemon is ready they
	// are run, as capmon itself is and with the daemon's process id in MAINPID.
	// Each must succeed, and the daemon live on, but for Stop, after which it
	// must end, and well. After Reload it must be ready again.
	Exercise, Reload, Stop string
	// Service, if set, takes the place of Command, Env, Identity and Stdin. It
	// is taken through the scenarios that its unit knows, but for those in
	// Skip; Ready adds to what its Type= says.
	Service *service.Service
	Skip    []controller.Scenario
	// Container takes the place of Command, Env, Identity and Stdin, too. With
	// Ready it is a daemon.
	Container *container.Bundle
	// Image is as Container.
	Image *engine.Image
	// CheckInside: Check is run inside the container of Image, which must be a
	// daemon that is not stopped.
	CheckInside bool
	// Undo, if set, is what the keeper has been bequeathed for the time of the
	// whole discovery. It is run after Cleanup.
	Undo *launch.Spec
	// ReadyTimeout is how long that may take. 0 is DefaultReadyTimeout, and
	// less once other attempts have shown how long it takes.
	ReadyTimeout time.Duration

	// Echo, if not nil, gets what the command prints, while it does.
	Echo io.Writer
	// Warn is told what went wrong without harm to the answer.
	Warn func(error)
}

func (c Config) readyTimeout() time.Duration { return cmp.Or(c.ReadyTimeout, DefaultReadyTimeout) }

// ErrTookAllTime is what Warn is told, once, of a command without Ready that
// ran until Timeout.
var ErrTookAllTime = errors.New("the command ran until its time was over, and so failed: if it is a daemon, it takes a readiness command to see that it succeeds")

// DefaultHookTimeout is how long a hook may take if nothing else is said.
const DefaultHookTimeout = time.Minute
