package watch

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// TaskWork is what could take the place of a program on sys_exit.
const TaskWork = "task work at the check"

//go:embed taskwork.c
var taskWork []byte

func startTaskWork(ctx context.Context) (*Running, error) {
	object, err := compileTaskWork(ctx)
	if err != nil {
		return nil, err
	}
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(object))
	if err != nil {
		return nil, err
	}
	programs, err := ebpf.NewCollection(spec)
	if err != nil {
		return nil, err
	}
	attached, err := link.AttachTracing(link.TracingOptions{Program: programs.Programs["on_check"]})
	if err != nil {
		programs.Close()
		return nil, err
	}
	return &Running{stop: func() error {
		defer programs.Close()
		return attached.Close()
	}}, nil
}

// compileTaskWork takes the compiler that capmon's own programs take.
func compileTaskWork(ctx context.Context) (object []byte, err error) {
	dir, err := os.MkdirTemp("", "capmon-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	source, to := filepath.Join(dir, "taskwork.c"), filepath.Join(dir, "taskwork.o")
	if err := os.WriteFile(source, taskWork, 0o644); err != nil {
		return nil, err
	}
	if said, err := exec.CommandContext(ctx, "clang-14", "-O2", "-g", "-target", "bpf", "-c", source, "-o", to).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compile task work: %w: %s", err, said)
	}
	return os.ReadFile(to)
}
