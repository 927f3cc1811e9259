// Package executor prepares a process as a service manager does, and has it
// execute the service: directories, sockets, limits, scheduling, identity and
// capabilities, in the order of systemd's own executor (exec_invoke() in
// systemd's src/core/exec-invoke.c).
//
// Some of this only a process can do for itself. So capmon is executed once
// more, does it, and executes the service in its own place:
//
//	path, args, env, err := plan.Command()
//	process, err := keeper.Launch(ctx, launch.Spec{Path: path, Args: args, Env: env}, arm)
//
// The recording then begins with the second exec (follow.Recording.Arm).
package executor

import (
	"encoding/json"
	"fmt"

	"github.com/capmon/capmon/caps"
)

// Plan is what a process is to become. The names are those of systemd.exec(5).
type Plan struct {
	// Path is absolute, or searched in the PATH of Env.
	Path string
	Args []string
	Env  []string

	// Root is the RootDirectory=, Dir the WorkingDirectory= in it; "" is "/".
	Root string
	Dir  string
	// DirOptional: Dir may be missing.
	DirOptional bool

	// SetID: the process gets UID, GID and Groups.
	SetID    bool
	UID, GID uint32
	Groups   []uint32
	// Bounding is the bounding set, Ambient the ambient and inheritable one.
	Bounding, Ambient caps.Set
	// SecureBits are those of linux/securebits.h.
	SecureBits uint
	NoNewPrivs bool

	UMask          uint32
	Limits         []Limit
	Nice           *int
	OOMScoreAdjust *int
	CPU            *CPU
	IO             *IO

	Directories []Directory
	Sockets     []Socket
	// Input is what standard input holds; nil leaves what it is.
	Input []byte
}

// Limit is a resource limit (getrlimit(2)).
type Limit struct {
	Resource   int
	Soft, Hard uint64
}

// CPU is a scheduling policy of sched(7), by the kernel's number.
type CPU struct {
	Policy, Priority int
	ResetOnFork      bool
}

// IO is an I/O scheduling class and priority of ioprio_set(2).
type IO struct{ Class, Priority int }

// Directory is made, with what is above it, unless it is there. It gets the
// mode, and if Owned the user and group, in either case.
type Directory struct {
	Path     string
	Mode     uint32
	Owned    bool
	UID, GID uint32
	// Links are symbolic links to it.
	Links []string
	// Option is the option that asks for it, such as StateDirectory.
	Option string
}

// Socket is listened on, and passed as the next descriptor from 3 on
// (sd_listen_fds(3)).
type Socket struct {
	// Network is "tcp", "udp", "unix", "unixgram" or "unixpacket".
	Network string
	// Address is HOST:PORT, a path, or @NAME.
	Address string
	// Only6 is what BindIPv6Only= makes of an IPv6 address.
	Only6   bool
	Backlog int
	Mode    uint32
	UID     uint32
	GID     uint32
	// Name is its FileDescriptorName=.
	Name string
}

// planEnv holds the plan of a process that is to be an executor.
const planEnv = "CAPMON_EXECUTOR"

// Command is what executes the plan. So many descriptors from 3 on as it has
// Sockets must be open, for the sockets to take their place
// (launch.Spec.Reserved).
func (p Plan) Command() (path string, args, env []string, err error) {
	text, err := json.Marshal(p)
	if err != nil {
		return "", nil, nil, fmt.Errorf("write plan for service: %w", err)
	}
	// Not by name: the file may have been replaced meanwhile, and in a sandbox
	// there may be another.
	return "/proc/self/exe", []string{"capexecutor"}, []string{planEnv + "=" + string(text)}, nil
}
