// Package otelnames has the names under which capmon exports what it sees to
// OpenTelemetry, and reads it again. Names that OpenTelemetry's semantic
// conventions have (opentelemetry.io/docs/specs/semconv) are theirs; the others
// begin with capmon.
package otelnames

// Scope is the instrumentation scope of all that capmon exports, and Service
// its service.name.
const (
	Scope   = "github.com/capmon/capmon"
	Service = "capmon"
)

// The events, which are log records.
const (
	// EventCheck is a check with all that are like it since the last export.
	EventCheck = "capmon.check"
	// EventStatus says what one capmon has seen and lost since it began.
	EventStatus = "capmon.status"
)

// Attributes of a resource.
const (
	HostID      = "host.id"
	HostName    = "host.name"
	NodeName    = "k8s.node.name"
	PodUID      = "k8s.pod.uid"
	ContainerID = "container.id"
	ImageName   = "container.image.name"
	ImageTags   = "container.image.tags"
	ImageTag    = "container.image.tag" // as the Collector's k8sattributes processor has it
	ServiceName = "service.name"
	Version     = "service.version"
	Instance    = "service.instance.id"
	Unit        = "systemd.unit.name" // as the Collector's systemd receiver has it
)

// Attributes of a check.
const (
	RecordUID    = "log.record.uid"
	PID          = "process.pid"        // left out where there were several
	ParentPID    = "process.parent_pid" // so is this
	ProcessTitle = "process.title"      // what ps(1) shows: comm, of proc(5)
	ExePath      = "process.executable.path"
	ExeName      = "process.executable.name"
	UserID       = "process.user.id"
	Capability   = "capmon.capability"
	Verdict      = "capmon.verdict"
	Syscall      = "capmon.syscall"
	Function     = "capmon.kernel.function"
	Count        = "capmon.count"
	// LastTime is when the last of several checks was seen, in nanoseconds
	// since 1970, as the record's own time is when the first was.
	LastTime = "capmon.last_time"
	// These two are there only where they are false, which takes
	// capmon monitor --all.
	Audited   = "capmon.audited"
	InitialNS = "capmon.initial_user_namespace"
)

// Attributes of a status.
const (
	Checks = "capmon.checks" // that were to be exported; also the counter of them
	// LostPrefix stands before a Reason.
	LostPrefix = "capmon.lost."
)

// The counter of what was lost, and its attribute.
const (
	Lost       = "capmon.checks.lost"
	LossReason = "capmon.loss.reason"
)

// Overflow is true on the counter of what found no room among the others
// (opentelemetry.io/docs/specs/otel/metrics/sdk).
const Overflow = "otel.metric.overflow"

// Why a check was lost.
const (
	// LostInKernel: it found no room on its way out of the kernel.
	LostInKernel = "kernel"
	// LostInQueue: the queue was full of others.
	LostInQueue = "queue"
	// LostRejected: the collector does not want it.
	LostRejected = "rejected"
	// LostUnsent: capmon ended before the collector could be reached.
	LostUnsent = "unsent"
)

// LossReasons are all of them.
func LossReasons() []string {
	return []string{LostInKernel, LostInQueue, LostRejected, LostUnsent}
}
