package monitoroutput

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/version"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/monitor"
)

const schema = "capmon.monitor/1"

// JSON prints one JSON object a line (docs/monitor.schema.json).
type JSON struct {
	w     io.Writer
	buf   bytes.Buffer
	lines *json.Encoder
	users userNames
	// version is that of capmon.
	version string
}

// NewJSON prints to w.
func NewJSON(w io.Writer) *JSON {
	j := &JSON{w: w, users: userNames{}, version: version.Read().Version}
	j.lines = json.NewEncoder(&j.buf)
	j.lines.SetEscapeHTML(false)
	return j
}

type checkLine struct {
	Schema  string      `json:"schema"`
	Version string      `json:"version"` // of capmon
	Type    string      `json:"type"`
	Time    time.Time   `json:"time"`
	User    string      `json:"user"`
	UID     uint32      `json:"uid"`
	Check   trace.Check `json:"check"`
}

type summaryLine struct {
	Schema    string         `json:"schema"`
	Version   string         `json:"version"`
	Type      string         `json:"type"`
	Processes []summaryGroup `json:"processes"`
	Lost      uint64         `json:"lost"`
}

// summaryGroup leaves out the pid in a summary by name, and has neither name
// nor pid for the others.
type summaryGroup struct {
	Comm    string   `json:"comm,omitempty"`
	PID     int      `json:"pid,omitempty"`
	Others  bool     `json:"others,omitempty"`
	Passed  caps.Set `json:"passed"`
	Refused caps.Set `json:"refused"`
}

func (j *JSON) Checks(burst []monitor.Event) error {
	for _, e := range burst {
		line := checkLine{
			Schema: schema, Version: j.version, Type: "check", Time: e.Time,
			User: j.users.of(e.UID), UID: e.UID, Check: e.Check,
		}
		if err := j.lines.Encode(line); err != nil {
			return fmt.Errorf("write JSON: %w", err)
		}
	}
	return j.flush()
}

func (j *JSON) Summary(s *Summary, lost uint64) error {
	line := summaryLine{Schema: schema, Version: j.version, Type: "summary", Processes: []summaryGroup{}, Lost: lost}
	for _, g := range s.sorted() {
		line.Processes = append(line.Processes, summaryGroup{
			Comm: g.comm, PID: g.pid, Others: g.others,
			Passed: g.asked.Minus(g.refused), Refused: g.refused,
		})
	}
	if err := j.lines.Encode(line); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return j.flush()
}

func (j *JSON) flush() error {
	_, err := j.w.Write(j.buf.Bytes())
	j.buf.Reset()
	return err
}
