package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/schematest"
	"github.com/capmon/capmon/internal/testenv"
)

// TestTraceSchema holds the documented form against a real report that has
// every part of it.
func TestTraceSchema(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	schema := schematest.Compile(t, "trace")
	f := newFifo(t)
	cmd, out, _ := capmonCommand(t, "--json", "-o", "/dev/stdout", "--user", "nobody",
		"chroot / true; (exec 3>"+f.path+"; echo runs >&3; exec sleep 1000) >/dev/null 2>&1 & exit 7")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.await(t, "runs\n")
	if got := exitCode(cmd.Wait()); got != 7 {
		t.Errorf("status %d", got)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Error(err)
	}
	report := doc.(map[string]any)
	for _, p := range report["running"].([]any) {
		pid, err := p.(map[string]any)["pid"].(json.Number).Int64()
		if err != nil {
			t.Fatal(err)
		}
		_ = unix.Kill(int(pid), unix.SIGKILL)
	}
	for _, part := range []string{"processes", "checks", "running"} {
		if len(report[part].([]any)) == 0 {
			t.Errorf("no %s in the report", part)
		}
	}
}
