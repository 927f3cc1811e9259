package measure

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/capmon/capmon/scripts/bench/sample"
	"github.com/capmon/capmon/scripts/bench/watch"
)

// Scale is one way in which a command can be large.
type Scale struct {
	Name string
	// Unit is what there are many of, in ns each.
	Unit string
	// Sizes are how many of them, in ascending order.
	Sizes []int
	// checks is how many refused checks each of them makes.
	checks int
	// load makes them; it writes ns each if each is set, else seconds in all.
	load func(b *Bench, n int) []string
	each bool
}

// Measure is the name of the measure at a size.
func (s Scale) Measure(n int) string { return fmt.Sprintf("%s/%d", s.Name, n) }

// What followed runs are asked besides the time: Lost records, Missing checks
// (negative if there were too many), seconds until the Report was written,
// KiB Resident.
const (
	Lost    = "lost"
	Missing = "missing"
	Report  = "report"
)

// checksEach is how many checks a process or a thread makes.
const checksEach = 10

// Scales lists the ways. In a hurry the greatest sizes are left out.
func (b *Bench) Scales() []Scale {
	scales := []Scale{
		{Name: "checks", Unit: "check", Sizes: []int{1e3, 1e4, 1e5, 1e6, 1e7}, checks: 1, each: true,
			load: func(_ *Bench, n int) []string { return []string{"each", Check, strconv.Itoa(n)} }},
		{Name: "processes", Unit: "process", Sizes: []int{10, 100, 1e3, 1e4, 1e5}, checks: checksEach,
			load: func(_ *Bench, n int) []string {
				return []string{"processes", strconv.Itoa(n), strconv.Itoa(checksEach)}
			}},
		{Name: "threads", Unit: "thread", Sizes: []int{10_000}, checks: checksEach,
			load: func(_ *Bench, n int) []string {
				return []string{"threads", strconv.Itoa(n), strconv.Itoa(checksEach)}
			}},
		{Name: "programs", Unit: "program", Sizes: []int{1000}, checks: 1,
			load: func(b *Bench, n int) []string { return []string{"programs", b.programs(), strconv.Itoa(n)} }},
	}
	if b.Quick {
		for i := range scales[:2] {
			scales[i].Sizes = scales[i].Sizes[:3]
		}
	}
	return scales
}

func (b *Bench) programs() string { return filepath.Join(b.Dir, "programs") }

// WritePrograms writes as many different programs as the scales need.
func (b *Bench) WritePrograms() error {
	text, err := os.ReadFile(b.ask())
	if err != nil {
		return err
	}
	if err := os.Mkdir(b.programs(), 0o755); err != nil {
		return err
	}
	for i := range 1000 {
		if err := os.WriteFile(filepath.Join(b.programs(), strconv.Itoa(i)), text, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// Scaled measures one way at each size, bare and under the watchers, which
// run beside it, and under capmon, which follows it.
func (b *Bench) Scaled(ctx context.Context, into sample.Set, s Scale, watchers []watch.Watcher) error {
	for _, w := range watchers {
		running, err := w.Begin(ctx)
		if err != nil {
			return err
		}
		for _, n := range s.Sizes {
			b.Log("%d %s: %s", n, s.Name, w.Name)
			if err := b.scaledOnce(ctx, into, s, n, w); err != nil {
				_ = running.Stop()
				return err
			}
		}
		if err := running.Stop(); err != nil {
			return err
		}
	}
	for _, n := range s.Sizes {
		b.Log("%d %s: %s", n, s.Name, watch.Followed)
		if err := b.scaledFollowed(ctx, into, s, n); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bench) scaledOnce(ctx context.Context, into sample.Set, s Scale, n int, w watch.Watcher) error {
	ns, err := b.leastOf(ctx, s, n, w)
	if err != nil {
		return err
	}
	into.Add(s.Measure(n), w.Name, ns)
	return nil
}

// leastOf is what one unit takes, of some tries if they are short.
func (b *Bench) leastOf(ctx context.Context, s Scale, n int, w watch.Watcher) (float64, error) {
	var least float64
	for i := range s.tries(n) {
		took, err := b.run1(ctx, w, nobody, s.load(b, n)...)
		if err != nil {
			return 0, err
		}
		if ns := s.ns(took, n); i == 0 || ns < least {
			least = ns
		}
	}
	return least, nil
}

// ns is what one unit takes, by what the load wrote.
func (s Scale) ns(took float64, n int) float64 {
	if s.each {
		return took
	}
	return took * 1e9 / float64(n)
}

// tries is how often a size is measured in a round: small ones take so little
// that whatever else the machine does shows.
func (s Scale) tries(n int) int {
	if n <= s.Sizes[0]*100 && len(s.Sizes) > 1 {
		return 3
	}
	return 1
}

func (b *Bench) scaledFollowed(ctx context.Context, into sample.Set, s Scale, n int) error {
	measure := s.Measure(n)
	report := filepath.Join(b.Dir, "report.json")
	follow := []string{b.Capmon, "--keep-privileges", "--json", "-o", report, "--", b.load, filepath.Join(b.Dir, "took"), nobody}
	var least, lost, missing, after, resident float64
	for i := range s.tries(n) {
		command := append([]string{"run", "1"}, append(follow, s.load(b, n)...)...)
		lines, err := b.run(ctx, watch.Watcher{}, same, command...)
		if err != nil {
			return err
		}
		took, err := readNumbers(filepath.Join(b.Dir, "took"))
		if err != nil {
			return err
		}
		seen, err := readReport(report)
		if err != nil {
			return err
		}
		ns := s.ns(took[0][0], n)
		if i == 0 || ns < least {
			least = ns
			after = lines[0][0] - ns*float64(n)/1e9
		}
		lost += seen.lost
		missing += float64(n*s.checks) - seen.checks
		resident = max(resident, lines[0][1])
	}
	into.Add(measure, watch.Followed, least)
	into.Add(measure, Lost, lost)
	into.Add(measure, Missing, missing)
	into.Add(measure, Report, after)
	into.Add(measure, Resident, resident)
	return nil
}

// seen is what a report says of the load's own checks.
type seen struct{ checks, lost float64 }

func readReport(file string) (seen, error) {
	f, err := os.Open(file)
	if err != nil {
		return seen{}, err
	}
	defer f.Close()
	var report struct {
		Checks []struct {
			Syscall string
			Count   float64
		}
		Lost float64
	}
	if err := json.NewDecoder(f).Decode(&report); err != nil {
		return seen{}, fmt.Errorf("read capmon's report: %w", err)
	}
	s := seen{lost: report.Lost}
	for _, c := range report.Checks {
		if c.Syscall == "sethostname" {
			s.checks += c.Count
		}
	}
	return s, nil
}
