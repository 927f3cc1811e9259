package traceoutput

import (
	"bytes"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/output"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

// The document is the one that would be written in one piece, whatever is in it.
func TestWriteJSON(t *testing.T) {
	hostile := `<"processes": []>, "checks": []` + "\n"
	process := tracedProcess{PID: 1, Parent: -1, Names: []string{hostile}, Executables: []string{}, Outcome: "exit 0"}
	check := trace.Check{Cap: caps.SysAdmin, Syscall: hostile, Stack: []string{"a", "b"}}
	for _, r := range []Report{
		{Command: []string{hostile}, Processes: []tracedProcess{}, Checks: []trace.Check{}, Running: []RunningProcess{}},
		{Command: []string{hostile}, Processes: []tracedProcess{process}, Checks: []trace.Check{check}, Running: []RunningProcess{{2, hostile}}},
		{Command: []string{}, Processes: []tracedProcess{process, process}, Checks: []trace.Check{check, {}, check}, Running: []RunningProcess{}},
	} {
		var got, want bytes.Buffer
		testenv.Must(t, writeJSON(&got, r))
		testenv.Must(t, output.JSON(&want, r))
		if got.String() != want.String() {
			t.Errorf("wrote %s\nwant %s", got.String(), want.String())
		}
	}
}
