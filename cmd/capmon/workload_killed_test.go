package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capmon/capmon/internal/testenv"
)

// killedDuring kills capmon while a hook of it hangs, and waits until all that
// it started has ended.
func killedDuring(t *testing.T, f fifo, args ...string) {
	t.Helper()
	cmd, _, _ := capmonCommand(t, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.await(t, "runs\n")
	testenv.Must(t, cmd.Process.Kill())
	f.awaitEnd(t)
	// What cleans up has capmon's standard error open until then.
	_ = cmd.Wait()
}

func TestKilledWithService(t *testing.T) {
	testenv.NeedRoot(t, "running a service")
	f := newFifo(t)
	unit := filepath.Join(t.TempDir(), "killed.service")
	runtime := fmt.Sprintf("capmon-test-killed-%d", os.Getpid())
	script := filepath.Join(filepath.Dir(unit), "script")
	testenv.Must(t, os.WriteFile(script, []byte(hanging(f)), 0o644))
	text := "[Service]\nType=notify\nRuntimeDirectory=" + runtime + "\nExecStart=/bin/sh " + script + "\n"
	testenv.Must(t, os.WriteFile(unit, []byte(text), 0o644))
	before := runEntries(t)
	killedDuring(t, f, "discover", "--manager", "capmon", "--unit", unit)
	if after := runEntries(t); after != before {
		t.Errorf("/run had %q before and has %q now", before, after)
	}
}

func TestKilledWithContainer(t *testing.T) {
	testenv.NeedRoot(t, "running a container")
	testenv.NeedProgram(t, "runc", "runc")
	testenv.NeedProgram(t, "busybox", "busybox-static")
	f := newFifo(t)
	bundle := t.TempDir()
	for _, dir := range []string{"bin", "proc", "dev", "sys"} {
		testenv.Must(t, os.MkdirAll(filepath.Join(bundle, "rootfs", dir), 0o755))
	}
	busybox, err := exec.LookPath("busybox")
	testenv.Must(t, err)
	program, err := os.ReadFile(busybox)
	testenv.Must(t, err)
	testenv.Must(t, os.WriteFile(filepath.Join(bundle, "rootfs/bin/sleep"), program, 0o755))
	config := `{"ociVersion": "1.0.2", "process": {"args": ["/bin/sleep", "1000"], "cwd": "/", "user": {"uid": 0, "gid": 0}},
		"mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}], "root": {"path": "rootfs"}, "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}]}}`
	testenv.Must(t, os.WriteFile(filepath.Join(bundle, "config.json"), []byte(config), 0o644))
	before := runEntries(t)
	killedDuring(t, f, "discover", "--runtime", "runc", "--bundle", bundle, "--ready", "test -n \"$(ls -d /run/capmon-*-1/state/* 2>/dev/null)\" || exit 1; "+hanging(f))
	if after := runEntries(t); after != before {
		t.Errorf("/run had %q before and has %q now", before, after)
	}
	if left, err := exec.Command("pgrep", "-f", "^/bin/sleep 1000$").Output(); err == nil {
		t.Errorf("this runs on: %s", left)
	}
}

// runEntries are capmon's own files in /run.
func runEntries(t *testing.T) string {
	t.Helper()
	names, err := filepath.Glob("/run/capmon-*")
	testenv.Must(t, err)
	return strings.Join(names, " ")
}
