package page

import (
	"encoding/json"
	"errors"

	"github.com/capmon/capmon/cmd/capmon/observeoutput"
	"github.com/capmon/capmon/cmd/capmon/state"
	"github.com/capmon/capmon/cmd/capmon/traceoutput"
	"github.com/capmon/capmon/discover"
)

// ErrNoReport: a text is no report that capmon printed.
var ErrNoReport = errors.New("it is not what capmon discover, capmon '<cmd>' or capmon observe prints with --json")

// Read makes the page of a report that was kept as JSON.
func Read(text []byte) (Page, error) {
	var document struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return Page{}, ErrNoReport
	}
	switch document.Schema {
	case discover.Schema:
		r, err := state.Parse(text)
		if err != nil {
			return Page{}, ErrNoReport
		}
		return OfDiscovery(r), nil
	case traceoutput.Schema:
		var r traceoutput.Report
		if err := json.Unmarshal(text, &r); err != nil {
			return Page{}, ErrNoReport
		}
		return OfTrace(r), nil
	case observeoutput.Schema:
		var r observeoutput.Report
		if err := json.Unmarshal(text, &r); err != nil {
			return Page{}, ErrNoReport
		}
		return OfObservation(r), nil
	}
	return Page{}, ErrNoReport
}
