// Package discovered runs capmon discover for tests, as a user would.
package discovered

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"testing"

	"github.com/capmon/capmon/discover/controller"
)

// Report runs a capmon discover --json to its end, and returns its report, and what
// it said on the way.
func Report(t *testing.T, cmd *exec.Cmd) (r controller.Report, said string) {
	t.Helper()
	var out, progress bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &progress
	err := cmd.Run()
	// A set that was not found, or not proven, is a status; the report says it.
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("capmon discover: %v\n%s", cmd.ProcessState, progress.Bytes())
	}
	return r, progress.String()
}
