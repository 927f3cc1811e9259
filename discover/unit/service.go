package unit

import (
	"time"

	"github.com/capmon/capmon/caps"
)

// Service is a service unit as its files describe it.
type Service struct {
	Files
	// Type is simple, exec, forking, oneshot, notify, notify-reload, dbus or
	// idle.
	Type string
	// Condition, StartPre, Start, StartPost, Reload, Stop and StopPost are the
	// commands of ExecCondition= and so on, in their order.
	Condition, StartPre, Start, StartPost, Reload, Stop, StopPost []Command
	RemainAfterExit                                               bool
	// PermissionsStartOnly: all commands but those of Start run with full
	// privileges, which each says of itself.
	PermissionsStartOnly bool
	PIDFile, BusName     string
	// NotifyAccess is none, main, exec or all.
	NotifyAccess string
	// Sockets are the units of Sockets=, besides the socket of the same name.
	Sockets []string
	// SuccessStatus and SuccessSignals end the service well, besides the
	// status 0 and SIGHUP, SIGINT, SIGTERM and SIGPIPE.
	SuccessStatus  []int
	SuccessSignals []string
	// TimeoutStart and TimeoutStop are limits; 0 is none.
	TimeoutStart, TimeoutStop time.Duration
	// KillSignal ends the service, ReloadSignal reloads one of the type
	// notify-reload, KillMode is control-group, mixed, process or none.
	KillSignal, ReloadSignal, KillMode string
	SendSIGHUP                         bool

	Exec
	// Unapplied are assignments that capmon does not know or does not apply
	// when it runs the service by itself, each as KEY=VALUE.
	Unapplied []string
	// Ignored are words of the unit that systemd ignores, each with the reason.
	Ignored []string
}

// Exec is the environment of the commands; see systemd.exec(5).
type Exec struct {
	// User and Group are names or numbers, "" if the unit sets none.
	User, Group         string
	SupplementaryGroups []string
	DynamicUser         bool
	// WorkingDirectory is absolute, "~" or "".
	WorkingDirectory         string
	WorkingDirectoryOptional bool
	RootDirectory            string
	// Directories are in the order runtime, state, cache, logs,
	// configuration.
	Directories [5]Directories
	// RuntimePreserve keeps the runtime directories after the service.
	RuntimePreserve bool

	Environment      []string
	EnvironmentFiles []EnvironmentFile
	Pass, Unset      []string
	UMask            uint32
	// Limits are by the name that follows "Limit", such as NOFILE.
	Limits           map[string]Limit
	Nice             *int
	OOMScoreAdjust   *int
	CPUPolicy        string
	CPUPriority      int
	CPUResetOnFork   bool
	IOClass          string
	IOPriority       *int
	StandardInput    string
	StandardInputRaw []byte
	// Output and Error are what StandardOutput= and StandardError= say.
	Output, Error string

	// Ambient and Bounding are the sets that the unit asks for; Bounded says
	// whether it has a CapabilityBoundingSet= at all.
	Ambient, Bounding caps.Set
	Bounded           bool
	SecureBits        []string
	NoNewPrivileges   bool
	// Confinement are the options for mounts, name spaces and system calls,
	// each as KEY=VALUE.
	Confinement []string
}

// Directories are the directories of one kind, such as StateDirectory=.
type Directories struct {
	Kind Kind
	// Names are relative to the manager's directory of that kind.
	Names []string
	// Links are symbolic links to them, by name.
	Links map[string][]string
	Mode  uint32
}

// Kind says which of the manager's directories is meant.
type Kind int

// The kinds, in the order in which systemd makes them.
const (
	RuntimeKind Kind = iota
	StateKind
	CacheKind
	LogsKind
	ConfigurationKind
)
