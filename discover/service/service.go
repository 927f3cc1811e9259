// Package service runs a systemd service as its manager would, once under each
// grant: starts it until it is ready by its Type=, reloads it, stops it.
//
//	s, err := service.New(read, unit.System(), nil)
//	...
//	instance := s.Begin(world, grant)
//	defer instance.End(ctx)
//	failure, err := instance.Start(ctx, time.Minute)
//
// What the service's own commands ask for is recorded; what the manager does
// for them, as making directories and changing the user, is not.
package service

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/executor"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover/unit"
	"github.com/capmon/capmon/trace/follow"
)

// The managers that can run a service.
const (
	ByCapmon  = "capmon"
	BySystemd = "systemd"
)

// Service is a unit that can be run.
type Service struct {
	unit unit.Service
	host unit.Host
	// user is what the commands run as. own: the unit or the caller names it;
	// else they run as the manager, which is root.
	user account.Identity
	own  bool
	// given: the caller names it.
	given bool
	// ofUser: the unit is one of the user's own manager.
	ofUser bool
	// asked is the name or path by which the unit was asked for.
	asked string
	// manager is what the manager runs as.
	manager account.Identity
	// sockets are passed to the main process.
	sockets []executor.Socket
	// socketUnits are the names of their units.
	socketUnits []string
	// copied is its copy that systemd runs; nil if capmon runs it.
	copied *copied
	// environ is the environment but for what changes from run to run.
	environ []string
}

// New prepares a service. user, if not nil, takes the place of User= and
// Group=. The error is one sentence.
func New(u unit.Service, host unit.Host, sockets []executor.Socket, user *account.Identity) (*Service, error) {
	s := &Service{unit: u, host: host, sockets: sockets, given: user != nil}
	var err error
	if s.user, s.own, err = identity(u, host, user); err != nil {
		return nil, err
	}
	if s.manager, err = account.Lookup(host.User); err != nil {
		return nil, err
	}
	for _, c := range u.Start {
		if c.Privileges == unit.Full {
			return nil, fmt.Errorf("unit %s runs %s with all privileges (ExecStart=+), which no capability set limits: remove the +", u.Name, c.Path)
		}
	}
	if s.environ, err = s.fixedEnviron(os.Getenv); err != nil {
		return nil, err
	}
	return s, nil
}

// User is what the main process is executed as: with the prefix "!" it is root
// that changes to the unit's user by itself.
func (s *Service) User() account.Identity {
	if len(s.unit.Start) > 0 && s.unit.Start[0].Privileges == unit.Elevated && !s.given {
		return s.manager
	}
	return s.user
}

// GivenUser says whether the caller has named the user, and not the unit.
func (s *Service) GivenUser() bool { return s.given }

// Asked is the name or path by which the unit was asked for.
func (s *Service) Asked() string { return s.asked }

// OfUser says whether the unit is one of a user's own manager.
func (s *Service) OfUser() bool { return s.ofUser }

// Directory is the working directory.
func (s *Service) Directory() string {
	if dir := s.workingDirectory(); dir != "" {
		return dir
	}
	return "/"
}

// Unit is what the service was made of.
func (s *Service) Unit() unit.Service { return s.unit }

// MainCommand is the argument vector of the main process.
func (s *Service) MainCommand() []string {
	if len(s.unit.Start) == 0 {
		return nil
	}
	args, _ := s.unit.Start[0].Expand(s.environ)
	return args
}

// World is where an instance runs, and who sees it.
type World struct {
	// Keeper runs the main process and what comes before it, Helper what runs
	// beside it.
	Keeper *launch.Keeper
	Helper func() (*launch.Keeper, error)
	// Recording is armed for each command; nil records nothing.
	Recording *follow.Recording
	// Root is where the service's root directory is for capmon; "" is the same.
	Root string
	// Output is standard output and error.
	Output *os.File
}

// Instance is a service that runs, or has run, under a grant. Each of Start,
// Reload and Stop may take as long as limit.
type Instance interface {
	// Start returns when the service has started by its Type=.
	Start(ctx context.Context, limit time.Duration) (*Failure, error)
	// Reload makes it read its configuration again, Stop ends it.
	Reload(ctx context.Context, limit time.Duration) (*Failure, error)
	Stop(ctx context.Context, limit time.Duration) (*Failure, error)
	// Over is how the service has ended by itself, nil while it runs, and Ended
	// is closed then.
	Over() *Failure
	Ended() <-chan struct{}
	// MainPID is the main process's id, as MAINPID has it.
	MainPID() int
	// End ends what is left of the service, and removes what belongs to a run
	// of it alone.
	End(ctx context.Context) error
}

// Begin prepares an instance. End it, whatever happens.
func (s *Service) Begin(world World, grant caps.Set) (Instance, error) {
	if s.copied != nil && s.copied.exact != "" {
		return s.copied.begin(world, s.copied.exact)
	}
	if s.copied != nil {
		return s.copied.begin(world, s.dropIn(grant))
	}
	return s.begin(world, grant)
}

// CanReload says whether the unit has a way to reload the service.
func (s *Service) CanReload() bool {
	return len(s.unit.Reload) > 0 || s.unit.Type == "notify-reload"
}

// CanStop says whether there is anything to stop.
func (s *Service) CanStop() bool { return s.Runs() || len(s.unit.Stop) > 0 }

// StartTimeout is TimeoutStartSec= of the unit; 0 is none.
func (s *Service) StartTimeout() time.Duration { return s.unit.TimeoutStart }

// StopTimeout is TimeoutStopSec= of the unit; 0 is none.
func (s *Service) StopTimeout() time.Duration { return s.unit.TimeoutStop }

// Runs says whether the service has processes when it has started.
func (s *Service) Runs() bool { return s.unit.Type != "oneshot" }

// Failure is how a service failed.
type Failure struct {
	// Outcome is in words: "ExecStartPre: exit 1".
	Outcome string
	// Exit is the exit status as env(1) gives it.
	Exit int
}

func failure(exit int, format string, args ...any) *Failure {
	return &Failure{fmt.Sprintf(format, args...), exit}
}

// identity is what the commands run as, and whether that is not the manager's.
func identity(u unit.Service, host unit.Host, user *account.Identity) (account.Identity, bool, error) {
	if user != nil {
		return *user, true, nil
	}
	if u.DynamicUser {
		return dynamic(u), true, nil
	}
	spec := u.User
	if spec == "" {
		spec = host.User
	}
	if u.Group != "" {
		spec += ":" + u.Group
	}
	id, err := account.Lookup(spec)
	if err != nil {
		return id, false, fmt.Errorf("unit %s: %w", u.Name, err)
	}
	for _, name := range u.SupplementaryGroups {
		group, err := account.Lookup("0:" + name)
		if err != nil {
			return id, false, fmt.Errorf("unit %s: SupplementaryGroups=: unknown group %q", u.Name, name)
		}
		id.Groups = append(id.Groups, group.GID)
	}
	return id, u.User != "" || u.Group != "" || len(u.SupplementaryGroups) > 0, nil
}

// dynamic is a user of the range that systemd takes for DynamicUser=
// (systemd.io/UIDS-GIDS), always the same for a unit. It is in no database.
func dynamic(u unit.Service) account.Identity {
	const first, count = 61184, 4336
	hash := uint32(2166136261) // FNV-1a
	for _, b := range []byte(u.User) {
		hash = (hash ^ uint32(b)) * 16777619
	}
	id := first + hash%count
	return account.Identity{Name: u.User, GroupName: u.Group, UID: id, GID: id, Home: "/", Shell: "/usr/sbin/nologin"}
}

// ambient is what of the grant is to be raised at exec: for root, and for what
// is executed with root's file privileges, the bounding set does that.
func (s *Service) ambient(grant caps.Set, uid uint32) caps.Set {
	if uid == 0 && !s.withoutRoot() {
		return 0
	}
	return grant
}

// withoutRoot says whether uid 0 is nothing special (SecureBits=noroot).
func (s *Service) withoutRoot() bool {
	for _, bit := range s.unit.SecureBits {
		if strings.HasPrefix(bit, "noroot") {
			return true
		}
	}
	return false
}
