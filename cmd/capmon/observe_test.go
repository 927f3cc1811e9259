package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/observeoutput"
	"github.com/capmon/capmon/internal/schematest"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/observe"
)

func TestObservedFollowsTheSchema(t *testing.T) {
	schema := schematest.Compile(t, "observe")
	processes := observe.New([]int{1}).Processes()
	processes = append(processes, observe.Process{
		Process: trace.Process{PID: 2, Comm: "x"}, Used: []observe.Count{{Cap: caps.Chown, Count: 1}}, Refused: []observe.Count{}, Unaudited: []observe.Count{},
	})
	for _, list := range [][]observe.Process{{}, processes} {
		text, err := json.Marshal(observeoutput.Report{
			Schema: observeoutput.Schema, Since: time.Now(), Proof: observe.Proof, Total: observe.TotalOf(list), Processes: list,
		})
		testenv.Must(t, err)
		var document any
		testenv.Must(t, json.Unmarshal(text, &document))
		if err := schema.Validate(document); err != nil {
			t.Error(err)
		}
	}
}
