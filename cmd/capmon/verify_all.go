package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/cmd/capmon/output"
	"github.com/capmon/capmon/cmd/capmon/workloads"
	"github.com/capmon/capmon/discover"
)

// runVerifyAll verifies the workloads of capmon.yaml.
func runVerifyAll(s streams, o verifyOptions) error {
	file, err := os.Open(workloads.FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return exit.Usagef("there is no %s here: give a report, or write one (docs/capmon.schema.json)", workloads.FileName)
	}
	if err != nil {
		return exit.Usagef("%s: %v", workloads.FileName, exit.RootCause(err))
	}
	defer file.Close()
	list, err := workloads.Read(file)
	if err != nil {
		return exit.Usagef("%v", err)
	}
	if err := requireRoot("verify"); err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find working directory: %w", err)
	}
	types := bpf.ReadTypes()
	senders := watchSenders(types)
	defer senders.close()
	ctx, restore := untilInterrupted(senders)
	defer restore()
	results, err := verifyEach(ctx, s, o, types, list, dir)
	sayInterrupted(ctx, s.err, "capmon verify")
	if status := interruptStatus(ctx); status != 0 {
		return exit.Status(status)
	}
	if err != nil {
		return err
	}
	if err := workloads.WriteTable(s.out, results); err != nil {
		return err
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		if err := workloads.WriteAnnotations(s.out, inRepository(dir), results); err != nil {
			return err
		}
	}
	if o.junit != "" {
		if err := writeJUnit(o.junit, results); err != nil {
			return err
		}
	}
	if status := workloads.Worst(results); status != exit.OK {
		return exit.Status(status)
	}
	return nil
}

// inRepository is the path of capmon.yaml in dir below the directory into which
// a GitHub workflow has checked out the repository.
func inRepository(dir string) string {
	file := filepath.Join(dir, workloads.FileName)
	if below, err := filepath.Rel(os.Getenv("GITHUB_WORKSPACE"), file); err == nil && filepath.IsLocal(below) {
		return below
	}
	return workloads.FileName
}

func verifyEach(ctx context.Context, s streams, o verifyOptions, types *bpf.Types, list []workloads.Workload, dir string) ([]workloads.Result, error) {
	var results []workloads.Result
	for _, w := range list {
		fmt.Fprintf(s.err, "capmon verify: %s\n", w.Name)
		var text bytes.Buffer
		began := time.Now()
		o.file = fmt.Sprintf("%s: %s", workloads.FileName, w.Name)
		err := verifyKept(ctx, s, &text, o, types, discover.Report{
			Command: w.Command, Directory: dir, Given: w.Given,
			Result: discover.Result{Verdict: discover.Minimal, Capabilities: w.Needs},
		})
		r := workloads.Result{Workload: w, Seconds: time.Since(began).Seconds(), Text: strings.TrimSpace(text.String())}
		var status exit.Status
		switch {
		case ctx.Err() != nil:
			return results, nil
		case errors.As(err, &status):
			r.Status = int(status)
		case err != nil:
			r.Status, r.Text = exit.Failed, err.Error()
		}
		results = append(results, r)
	}
	return results, nil
}

func writeJUnit(file string, results []workloads.Result) error {
	return output.Write(os.Stdout, file, func(w io.Writer) error { return workloads.WriteJUnit(w, results) })
}
