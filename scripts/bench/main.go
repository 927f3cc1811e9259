// Command bench measures what capmon costs, beside what other programs cost
// that watch capability checks, and writes docs/performance.md.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/scripts/bench/measure"
	"github.com/capmon/capmon/scripts/bench/report"
	"github.com/capmon/capmon/scripts/bench/sample"
)

type options struct {
	repository string
	docs       string
	rounds     int
	quick      bool
	// vm is a kernel to boot for the peers that do not load here.
	vm string
	// guest: this is that machine. Only operations are measured.
	guest bool
}

func main() {
	var o options
	flag.StringVar(&o.repository, "C", ".", "capmon's repository, with bin/capmon built")
	flag.StringVar(&o.docs, "o", "docs", "write performance.md and its plots to this directory")
	flag.IntVar(&o.rounds, "rounds", 5, "how often everything is measured")
	flag.BoolVar(&o.quick, "quick", false, "measure little: shows that all of it works, and no more")
	flag.StringVar(&o.vm, "vm", "6.12", "measure on this Debian kernel as well, in a virtual machine; \"\" for none")
	flag.BoolVar(&o.guest, "guest", false, "measure operations only, and print the results as JSON")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("capmon and its peers need root")
	}
	results, err := measureAll(ctx, o)
	if err != nil {
		return err
	}
	if o.guest {
		return json.NewEncoder(os.Stdout).Encode(results)
	}
	if o.vm != "" {
		if results.VM, err = inVM(ctx, o); err != nil {
			return err
		}
	}
	report.PrintGoals(os.Stdout, results.Goals())
	if err := results.Write(o.docs); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	fmt.Printf("written: %s\n", filepath.Join(o.docs, "performance.md"))
	return nil
}

func measureAll(ctx context.Context, o options) (*report.Results, error) {
	dir, err := os.MkdirTemp("", "capmon-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	capmon, err := filepath.Abs(filepath.Join(o.repository, "bin", "capmon"))
	if err != nil {
		return nil, err
	}
	began := time.Now()
	b := &measure.Bench{Capmon: capmon, Dir: dir, Quick: o.quick, Log: func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}}
	if err := b.Prepare(ctx, filepath.Join(o.repository, "scripts", "bench", "load")); err != nil {
		return nil, err
	}
	results := &report.Results{
		Date: began.UTC().Format("2 January 2006"), Rounds: o.rounds, Quick: o.quick, Samples: sample.Set{},
	}
	if results.Machine, err = machine(ctx, capmon); err != nil {
		return nil, err
	}
	info, err := os.Stat(capmon)
	if err != nil {
		return nil, err
	}
	results.SizeBytes = info.Size()
	return results, plan{b, o, results}.carryOut(ctx)
}
