package measure

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/capmon/capmon/scripts/bench/sample"
	"github.com/capmon/capmon/scripts/bench/watch"
)

// usage is what a process that still runs has used.
type usage struct {
	residentKiB float64 // at its highest
	mapsKiB     float64 // of all the eBPF maps that it holds
	cpu         time.Duration
}

func usageOf(pid int) (usage, error) {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	var u usage
	status, err := fields(filepath.Join(proc, "status"))
	if err != nil {
		return u, err
	}
	if u.residentKiB, err = strconv.ParseFloat(strings.TrimSuffix(status["VmHWM"], " kB"), 64); err != nil {
		return u, fmt.Errorf("read %s/status: %w", proc, err)
	}
	if u.mapsKiB, err = mapsOf(proc); err != nil {
		return u, err
	}
	u.cpu, err = cpuOf(proc)
	return u, err
}

// mapsOf adds up the maps by what the kernel says of their descriptors.
func mapsOf(proc string) (float64, error) {
	files, err := filepath.Glob(filepath.Join(proc, "fdinfo", "*"))
	if err != nil {
		return 0, err
	}
	bytes := map[string]float64{}
	for _, file := range files {
		info, err := fields(file)
		if os.IsNotExist(err) || info["map_id"] == "" {
			continue
		}
		if err != nil {
			return 0, err
		}
		if bytes[info["map_id"]], err = strconv.ParseFloat(info["memlock"], 64); err != nil {
			return 0, fmt.Errorf("read %s: %w", file, err)
		}
	}
	var all float64
	for _, n := range bytes {
		all += n
	}
	return all / 1024, nil
}

// fields reads lines of the form "name:\tvalue".
func fields(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	all := map[string]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		all[name] = strings.TrimSpace(value)
	}
	return all, lines.Err()
}

// cpuOf is utime and stime of proc(5), in ticks of 10 ms.
func cpuOf(proc string) (time.Duration, error) {
	text, err := os.ReadFile(filepath.Join(proc, "stat"))
	if err != nil {
		return 0, err
	}
	// The name may have blanks; what counts follows it.
	_, rest, _ := strings.Cut(string(text), ") ")
	stat := strings.Fields(rest)
	var ticks int
	for _, field := range stat[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, fmt.Errorf("read %s/stat: %w", proc, err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// Memory has what capmon holds while it watches and nothing happens: Resident
// and MapsKiB, by watcher.
const Memory = "memory"

// Idle measures what the watchers hold.
func (b *Bench) Idle(ctx context.Context, into sample.Set, watchers []watch.Watcher) error {
	for _, w := range watchers {
		running, err := w.Begin(ctx)
		if err != nil {
			return err
		}
		used, err := usageOf(running.PID)
		if stopErr := running.Stop(); err == nil {
			err = stopErr
		}
		if err != nil {
			return err
		}
		into.Add(Memory+"/"+Resident, w.Name, used.residentKiB)
		into.Add(Memory+"/"+MapsKiB, w.Name, used.mapsKiB)
	}
	return nil
}
