package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/capmon/capmon/scripts/bench/report"
)

// machine says where this is measured.
func machine(ctx context.Context, capmon string) (report.Machine, error) {
	m := report.Machine{CPUs: runtime.NumCPU(), CPU: cpuModel(), Versions: versions(ctx)}
	text, err := exec.CommandContext(ctx, capmon, "--json", "true").Output()
	if err != nil {
		return m, fmt.Errorf("run capmon: %w", err)
	}
	var traced struct{ Kernel, Backend string }
	if err := json.Unmarshal(text, &traced); err != nil {
		return m, fmt.Errorf("read capmon's report: %w", err)
	}
	m.Kernel, m.Backend = traced.Kernel, traced.Backend
	return m, nil
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// versions are what the peers call themselves.
func versions(ctx context.Context) string {
	var all []string
	for _, peer := range [][]string{{"bpftrace", "--version"}, {"strace", "--version"}, {"perf", "--version"}} {
		if text, err := exec.CommandContext(ctx, peer[0], peer[1:]...).Output(); err == nil {
			first, _, _ := strings.Cut(string(text), "\n")
			all = append(all, first)
		}
	}
	return strings.Join(all, ", ")
}

// inVM measures the operations on another kernel.
func inVM(ctx context.Context, o options) (*report.Results, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(o.repository, "scripts", "vm", "run.sh"),
		"--timeout", "600", "--env", "TMPDIR=/dev/shm", o.vm, "--", self, "-guest", "-quick", "-rounds", fmt.Sprint(o.rounds))
	cmd.Dir = o.repository
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("measure on Linux %s: %w", o.vm, err)
	}
	var r report.Results
	if err := json.Unmarshal(bytes.TrimSpace(text), &r); err != nil {
		return nil, fmt.Errorf("read the results from Linux %s: %w", o.vm, err)
	}
	return &r, nil
}
