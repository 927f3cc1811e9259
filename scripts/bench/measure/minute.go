package measure

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/capmon/capmon/scripts/bench/sample"
	"github.com/capmon/capmon/scripts/bench/watch"
)

// Minute is what a monitor does under many checks a second for a minute:
// Made a second, Missing (neither shown nor lost), Lost, Resident KiB, MapsKiB,
// Busy (share of a processor).
const (
	Minute  = "minute"
	Made    = "made"
	MapsKiB = "maps"
	Busy    = "busy"
)

// AMillion is the pace.
const AMillion = 1_000_000

// MonitorMinute measures that once.
func (b *Bench) MonitorMinute(ctx context.Context, into sample.Set) error {
	seconds := 60
	if b.Quick {
		seconds = 3
	}
	b.Log("monitor, a million checks a second for %d s", seconds)
	file := filepath.Join(b.Dir, "monitor.json")
	running, err := watch.StartMonitor(ctx, file, b.Capmon, "--json")
	if err != nil {
		return err
	}
	began := time.Now()
	lines, err := b.run(ctx, watch.Watcher{}, nobody, "rate", strconv.Itoa(AMillion), strconv.Itoa(seconds))
	if err != nil {
		_ = running.Stop()
		return err
	}
	used, err := usageOf(running.PID)
	if stopErr := running.Stop(); err == nil {
		err = stopErr
	}
	if err != nil {
		return err
	}
	shown, lost, err := readMonitor(file)
	if err != nil {
		return err
	}
	into.Add(Minute, Made, lines[0][0]/lines[0][1])
	into.Add(Minute, Missing, lines[0][0]-shown-lost)
	into.Add(Minute, Lost, lost)
	into.Add(Minute, Resident, used.residentKiB)
	into.Add(Minute, MapsKiB, used.mapsKiB)
	into.Add(Minute, Busy, used.cpu.Seconds()/time.Since(began).Seconds())
	return nil
}

// readMonitor counts the load's checks in what the monitor printed, a JSON
// object a line.
func readMonitor(file string) (shown, lost float64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	lines := json.NewDecoder(f)
	for lines.More() {
		var line struct {
			Check struct {
				Syscall string
				Count   float64
			}
			Lost float64
		}
		if err := lines.Decode(&line); err != nil {
			return 0, 0, fmt.Errorf("read what capmon monitor printed: %w", err)
		}
		lost += line.Lost
		if line.Check.Syscall == "sethostname" {
			shown += line.Check.Count
		}
	}
	return shown, lost, nil
}
