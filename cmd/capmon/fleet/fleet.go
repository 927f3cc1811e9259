// Package fleet reads what capmon monitor --otlp has exported from many machines
// and a collector has written to files, and sums it up for each workload.
//
//	var c fleet.Collection
//	err := c.Read(file)
//	report := c.Report(fleet.ByWorkload)
package fleet

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/otelnames"
	"github.com/capmon/capmon/trace"
)

// maxLine is how long a line may be: a collector's batch is much shorter.
const maxLine = 64 << 20

// By is how checks are grouped.
type By string

// What they are grouped by.
const (
	// ByWorkload is by the image where one is known, else the unit, else the
	// executable.
	ByWorkload   By = "workload"
	ByUnit       By = "unit"
	ByImage      By = "image"
	ByExecutable By = "executable"
)

// Groupings are all of them.
func Groupings() []string {
	return []string{string(ByWorkload), string(ByUnit), string(ByImage), string(ByExecutable)}
}

// Collection is what was read. The zero value is empty.
type Collection struct {
	groups    map[origin]*group
	instances map[string]*instance
	hosts     map[string]bool
	records   int
	repeated  uint64 // checks
}

// origin is all by which checks can be grouped.
type origin struct{ image, unit, executable string }

type group struct {
	span
	hosts   map[string]bool
	checks  uint64
	used    map[caps.Cap]*seen
	refused map[caps.Cap]*seen
	unaware map[caps.Cap]*seen // passed without audit
}

type seen struct {
	count   uint64
	hosts   map[string]bool
	syscall string
}

// span is from the first to the last.
type span struct{ first, last time.Time }

func (s *span) add(first, last time.Time) {
	if s.first.IsZero() || first.Before(s.first) {
		s.first = first
	}
	if last.After(s.last) {
		s.last = last
	}
}

// instance is one run of capmon monitor.
type instance struct {
	uids    map[uint64]uint64 // bits: which of its records were read
	arrived uint64            // checks
	checks  uint64            // that it says it has seen
	lost    map[string]uint64
}

// ErrCut is the error for a last line that is not whole: who writes it has not
// finished. All before it was read.
var ErrCut = errors.New("the last line is cut off")

// Read adds the lines of a file. An error is one sentence that begins in small
// letters.
func (c *Collection) Read(from io.Reader) error {
	if c.groups == nil {
		c.groups, c.instances, c.hosts = map[origin]*group{}, map[string]*instance{}, map[string]bool{}
	}
	in := bufio.NewReaderSize(from, 1<<20)
	for n := 1; ; n++ {
		text, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("line %d: %w", n, err)
		}
		ended := err != nil
		if len(bytes.TrimSpace(text)) > 0 {
			var l line
			if err := json.Unmarshal(text, &l); err != nil || !l.isOTLP() {
				if ended && n > 1 && err != nil {
					return ErrCut
				}
				return fmt.Errorf("line %d: %s", n, notOTLP(text))
			}
			c.add(l)
		}
		if ended {
			return nil
		}
	}
}

func readLine(in *bufio.Reader) ([]byte, error) {
	var whole []byte
	for {
		part, err := in.ReadSlice('\n')
		whole = append(whole, part...)
		if len(whole) > maxLine {
			return nil, errors.New("it is too long to be one of a collector's")
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return whole, err
		}
	}
}

// notOTLP says what a line is that is no request of OTLP.
func notOTLP(text []byte) string {
	switch {
	case bytes.HasPrefix(text, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return "it is compressed: decompress it first, with zstd -d"
	case bytes.HasPrefix(text, []byte{0x1f, 0x8b}):
		return "it is compressed: decompress it first, with gunzip"
	case bytes.Contains(text, []byte(`"capmon.discover/`)) || bytes.HasPrefix(text, []byte("{\n")):
		return "it is not OTLP JSON as a collector's file exporter writes it; reports of discover are merged without --from"
	}
	return "it is not OTLP JSON as a collector's file exporter writes it"
}

// Records is how many records of capmon were read.
func (c *Collection) Records() int { return c.records }

func (c *Collection) add(l line) {
	for _, of := range l.ResourceLogs {
		for _, scope := range of.ScopeLogs {
			if scope.Scope.Name != otelnames.Scope {
				continue
			}
			for _, r := range scope.LogRecords {
				switch r.EventName {
				case otelnames.EventCheck:
					c.records++
					c.addCheck(of.Resource.Attributes, r)
				case otelnames.EventStatus:
					c.records++
					c.addStatus(of.Resource.Attributes, r)
				}
			}
		}
	}
}

func (c *Collection) instance(name string) *instance {
	i := c.instances[name]
	if i == nil {
		i = &instance{uids: map[uint64]uint64{}, lost: map[string]uint64{}}
		c.instances[name] = i
	}
	return i
}

func (c *Collection) addStatus(resource attributes, r record) {
	c.hosts[resource.host()] = true
	i := c.instance(resource.text(otelnames.Instance))
	// They only grow, and may come in any order.
	i.checks = max(i.checks, r.Attributes.count(otelnames.Checks))
	for _, reason := range otelnames.LossReasons() {
		i.lost[reason] = max(i.lost[reason], r.Attributes.count(otelnames.LostPrefix+reason))
	}
}

func (c *Collection) addCheck(resource attributes, r record) {
	a := r.Attributes
	count := a.count(otelnames.Count)
	i := c.instance(resource.text(otelnames.Instance))
	if i.again(a.text(otelnames.RecordUID)) {
		c.repeated += count
		return
	}
	i.arrived += count
	if a.isFalse(otelnames.InitialNS) {
		return // it is held in another user namespace, and not by grant
	}
	capability, err := caps.Parse(a.text(otelnames.Capability))
	if err != nil {
		return // of a later capmon
	}
	host := resource.host()
	c.hosts[host] = true
	g := c.group(origin{resource.image(), resource.text(otelnames.Unit), executable(a)})
	g.hosts[host] = true
	g.checks += count
	first, last := r.time(), r.time()
	if n := number(a.get(otelnames.LastTime).Int); n > 0 {
		last = time.Unix(0, n)
	}
	g.add(first, last)
	to := g.used
	switch passed := a.text(otelnames.Verdict) == string(trace.Pass); {
	case !passed && a.isFalse(otelnames.Audited):
		return // nobody would have noticed
	case !passed:
		to = g.refused
	case a.isFalse(otelnames.Audited):
		to = g.unaware
	}
	s := to[capability]
	if s == nil {
		s = &seen{hosts: map[string]bool{}, syscall: a.text(otelnames.Syscall)}
		to[capability] = s
	}
	s.count += count
	s.hosts[host] = true
}

// executable is its path, or what the process calls itself.
func executable(a attributes) string {
	if path := a.text(otelnames.ExePath); path != "" {
		return path
	}
	return a.text(otelnames.ProcessTitle)
}

func (c *Collection) group(o origin) *group {
	g := c.groups[o]
	if g == nil {
		g = newGroup()
		c.groups[o] = g
	}
	return g
}

func newGroup() *group {
	return &group{hosts: map[string]bool{}, used: map[caps.Cap]*seen{}, refused: map[caps.Cap]*seen{}, unaware: map[caps.Cap]*seen{}}
}

// again says whether a record was read before: a collector that answered too
// late got it twice. The number behind the last dash tells the records of one
// instance apart.
func (i *instance) again(uid string) bool {
	_, number, ok := cutLast(uid, "-")
	n, err := strconv.ParseUint(number, 10, 64)
	if !ok || err != nil {
		return false
	}
	word, bit := n/64, uint64(1)<<(n%64)
	if i.uids[word]&bit != 0 {
		return true
	}
	i.uids[word] |= bit
	return false
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
