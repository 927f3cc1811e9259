// Package measure puts loads under watchers and measures what they take.
package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/scripts/bench/watch"
)

// Bench is where everything is for a benchmark.
type Bench struct {
	// Capmon is the program to be measured.
	Capmon string
	// Dir is for its files.
	Dir string
	// Quick: everything is measured, but with little work.
	Quick bool
	// Log says what is being done.
	Log func(format string, args ...any)

	load, out string
}

// some is the amount of work for a measurement, less of it in a hurry.
func (b *Bench) some(n int) int {
	if b.Quick {
		return max(n/20, 1)
	}
	return n
}

// Prepare compiles the load from the directory with its sources.
func (b *Bench) Prepare(ctx context.Context, sources string) error {
	// As nobody, the load executes what lies there.
	if err := os.Chmod(b.Dir, 0o711); err != nil {
		return err
	}
	b.load, b.out = filepath.Join(b.Dir, "load"), filepath.Join(b.Dir, "out")
	var files []string
	for _, name := range []string{"load", "each", "crowd", "rate", "run"} {
		files = append(files, filepath.Join(sources, name+".c"))
	}
	if err := compile(ctx, b.load, append(files, "-pthread", "-static")...); err != nil {
		return err
	}
	return compile(ctx, b.ask(), filepath.Join(sources, "ask.c"))
}

func (b *Bench) ask() string { return filepath.Join(b.Dir, "ask") }

func compile(ctx context.Context, to string, args ...string) error {
	args = append([]string{"-O2", "-Wall", "-Wextra", "-Werror", "-o", to}, args...)
	if said, err := exec.CommandContext(ctx, "cc", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("compile the load: %w: %s", err, said)
	}
	return nil
}

// Who runs a load: nobody is refused CAP_SYS_ADMIN.
const nobody, same = "nobody", "same"

// run runs the load under a watcher that has begun, and returns the numbers
// that it wrote, line by line.
func (b *Bench) run(ctx context.Context, w watch.Watcher, who string, args ...string) ([][]float64, error) {
	command := w.Command(append([]string{b.load, b.out, who}, args...))
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.SysProcAttr = &unix.SysProcAttr{Pdeathsig: unix.SIGTERM}
	// Nothing that capmon keeps shall stay.
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+b.Dir, "XDG_CACHE_HOME="+filepath.Join(b.Dir, "cache"))
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, said)
	}
	return readNumbers(b.out)
}

// run1 is run for a load that writes one number.
func (b *Bench) run1(ctx context.Context, w watch.Watcher, who string, args ...string) (float64, error) {
	lines, err := b.run(ctx, w, who, args...)
	if err != nil {
		return 0, err
	}
	return lines[0][0], nil
}

var errNoNumbers = errors.New("the load wrote no numbers")

func readNumbers(file string) ([][]float64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var lines [][]float64
	for line := range strings.Lines(string(text)) {
		var numbers []float64
		for _, field := range strings.Fields(line) {
			n, err := strconv.ParseFloat(field, 64)
			if err != nil {
				return nil, fmt.Errorf("read what the load wrote: %w", err)
			}
			numbers = append(numbers, n)
		}
		lines = append(lines, numbers)
	}
	if len(lines) == 0 || len(lines[0]) == 0 {
		return nil, errNoNumbers
	}
	return lines, nil
}
