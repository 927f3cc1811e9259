package monitorexport

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/capmon/capmon/cmd/capmon/cgroup"
	"github.com/capmon/capmon/cmd/capmon/otelnames"
	"github.com/capmon/capmon/trace"
)

// maxLoggers bounds how many owners are remembered.
const maxLoggers = 1000

// records makes log records of checks. Those of one owner have a resource of
// their own, and so a logger of their own.
type records struct {
	host     *resource.Resource
	version  string
	instance string
	loggers  map[cgroup.Owner]log.Logger
	made     []sdklog.Record
	uid      uint64
}

func newRecords(host *resource.Resource, version, instance string) *records {
	return &records{host: host, version: version, instance: instance, loggers: map[cgroup.Owner]log.Logger{}}
}

// newInstance is a UUID of version 4 (RFC 9562), as service.instance.id is.
func newInstance() string {
	var b [16]byte
	// Never fails (crypto/rand).
	_, _ = rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// of are the records of a batch, those of one owner together.
func (r *records) of(batch []*folded) []sdklog.Record {
	byOwner := slices.SortedStableFunc(slices.Values(batch), func(a, b *folded) int {
		return cmp.Or(cmp.Compare(a.owner.Unit, b.owner.Unit), cmp.Compare(a.owner.Container, b.owner.Container), cmp.Compare(a.owner.Pod, b.owner.Pod))
	})
	for _, f := range byOwner {
		r.emit(f.owner, r.check(f))
	}
	return r.take()
}

func (r *records) check(f *folded) log.Record {
	var record log.Record
	record.SetEventName(otelnames.EventCheck)
	record.SetTimestamp(f.first)
	record.SetObservedTimestamp(time.Now())
	record.SetSeverity(log.SeverityInfo)
	record.SetSeverityText("INFO")
	body := f.comm + " used " + f.cap.String()
	if f.verdict == trace.Fail {
		record.SetSeverity(log.SeverityWarn)
		record.SetSeverityText("WARN")
		body = f.comm + " was refused " + f.cap.String()
	}
	if f.syscall != "" {
		body += " in " + f.syscall
	}
	record.SetBody(attribute.StringValue(body))
	record.AddAttributes(
		attribute.String(otelnames.RecordUID, r.nextUID()),
		attribute.String(otelnames.ProcessTitle, f.comm),
		attribute.Int64(otelnames.UserID, int64(f.uid)),
		attribute.String(otelnames.Capability, f.cap.String()),
		attribute.String(otelnames.Verdict, string(f.verdict)),
		attribute.Int64(otelnames.Count, int64(f.count)),
	)
	addText(&record, otelnames.ExePath, f.exe)
	if f.exe != "" {
		addText(&record, otelnames.ExeName, path.Base(f.exe))
	}
	addText(&record, otelnames.Syscall, f.syscall)
	addText(&record, otelnames.Function, f.function)
	if f.pid != 0 {
		record.AddAttributes(attribute.Int(otelnames.PID, f.pid))
	}
	if f.ppid != 0 {
		record.AddAttributes(attribute.Int(otelnames.ParentPID, f.ppid))
	}
	if f.last.After(f.first) {
		record.AddAttributes(attribute.Int64(otelnames.LastTime, f.last.UnixNano()))
	}
	if !f.audited {
		record.AddAttributes(attribute.Bool(otelnames.Audited, false))
	}
	if !f.initialNS {
		record.AddAttributes(attribute.Bool(otelnames.InitialNS, false))
	}
	return record
}

func addText(record *log.Record, name, value string) {
	if value != "" {
		record.AddAttributes(attribute.String(name, value))
	}
}

// status is one record that says what was seen and lost by now.
func (r *records) status(checks uint64, lost map[string]uint64) []sdklog.Record {
	var record log.Record
	record.SetEventName(otelnames.EventStatus)
	record.SetTimestamp(time.Now())
	record.SetObservedTimestamp(time.Now())
	record.SetSeverity(log.SeverityInfo)
	record.SetSeverityText("INFO")
	var sum uint64
	for _, n := range lost {
		sum += n
	}
	record.SetBody(attribute.StringValue(fmt.Sprintf("capmon has seen %d checks and lost %d", checks, sum)))
	record.AddAttributes(attribute.Int64(otelnames.Checks, int64(checks)))
	for _, reason := range slices.Sorted(maps.Keys(lost)) {
		record.AddAttributes(attribute.Int64(otelnames.LostPrefix+reason, int64(lost[reason])))
	}
	r.emit(cgroup.Owner{}, record)
	return r.take()
}

// nextUID is never the same twice: whoever gets a record again, because the
// answer to the first was lost, can tell.
func (r *records) nextUID() string {
	r.uid++
	return fmt.Sprintf("%s-%d", r.instance, r.uid)
}

func (r *records) emit(owner cgroup.Owner, record log.Record) {
	l, ok := r.loggers[owner]
	if !ok {
		if len(r.loggers) >= maxLoggers {
			clear(r.loggers)
		}
		provider := sdklog.NewLoggerProvider(sdklog.WithResource(resourceOf(r.host, owner)), sdklog.WithProcessor(collecting{r}))
		l = provider.Logger(otelnames.Scope, log.WithInstrumentationVersion(r.version))
		r.loggers[owner] = l
	}
	l.Emit(context.Background(), record)
}

func (r *records) take() []sdklog.Record {
	made := r.made
	r.made = nil
	return made
}

// collecting keeps what the loggers make; the sender sends it.
type collecting struct{ *records }

// OnEmit implements sdklog.Processor.
func (c collecting) OnEmit(_ context.Context, record *sdklog.Record) error {
	c.made = append(c.made, record.Clone())
	return nil
}

// Enabled implements sdklog.Processor.
func (c collecting) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }

// Shutdown implements sdklog.Processor.
func (c collecting) Shutdown(context.Context) error { return nil }

// ForceFlush implements sdklog.Processor.
func (c collecting) ForceFlush(context.Context) error { return nil }

// smallest is how many checks the n records with the fewest stand for.
func smallest(batch []*folded, n int64) uint64 {
	counts := make([]uint64, len(batch))
	for i, f := range batch {
		counts[i] = f.count
	}
	slices.Sort(counts)
	var sum uint64
	for _, c := range counts[:min(int64(len(counts)), n)] {
		sum += c
	}
	return sum
}
