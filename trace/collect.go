package trace

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/caps"
)

// Image is a process between two execs.
type Image struct {
	Process
	// Parent is the index of the image it came from, by fork or by exec, in
	// Trace.Images; -1 for the command itself.
	Parent int
	// PPID is the parent process when it began.
	PPID int
	// Executed: it began with an exec, not with a fork.
	Executed bool
	// Start and End are since the attempt began; End is 0 while it runs.
	Start, End time.Duration
	// Replaced: it ended by executing something else.
	Replaced bool
	// Status is how it ended, if it was not replaced.
	Status unix.WaitStatus
	// Mode is the file mode of Exe when it was executed.
	Mode uint32
}

// Failed says whether it ended with a status other than 0 or by a signal.
func (i Image) Failed() bool { return i.End != 0 && !i.Replaced && i.Status != 0 }

// Trace is all that was seen of a command up to now.
type Trace struct {
	// Checks are in the order in which they were first made.
	Checks []Check
	// Images are in the order in which they began.
	Images []Image
	// Lost counts records that could not be kept.
	Lost uint64
}

// Collect reads what has been recorded, and forgets it; but for the processes
// that still run, which the next Collect returns as well.
func (r *Recording) Collect() (Trace, error) {
	// One at a time: a walk through a map starts again when the entry where
	// it is has been removed.
	r.tracer.collecting.Lock()
	defer r.tracer.collecting.Unlock()
	c := collector{tracer: r.tracer, start: r.start, index: map[bpf.CommandImageKey]int{}}
	if err := c.collectImages(r.attempt); err != nil {
		return Trace{}, err
	}
	if err := c.collectChecks(r.attempt); err != nil {
		return Trace{}, err
	}
	lost, err := r.tracer.newlyLost()
	if err != nil {
		return Trace{}, err
	}
	c.trace.Lost = lost
	return c.trace, nil
}

type collector struct {
	tracer *Tracer
	start  time.Duration
	trace  Trace
	index  map[bpf.CommandImageKey]int
	blamed []bool
}

// since turns the kernel's time into one since the attempt began.
func (c *collector) since(ns uint64) time.Duration {
	if ns == 0 {
		return 0
	}
	return time.Duration(ns) - c.start
}

func (c *collector) collectImages(attempt uint32) error {
	raw, err := takeEnded(c.tracer.maps.Images,
		func(k bpf.CommandImageKey) bool { return k.Attempt == attempt },
		func(i bpf.CommandImage) bool { return i.End != 0 })
	if err != nil {
		return err
	}
	sort.Slice(raw, func(i, j int) bool { return raw[i].key.Start < raw[j].key.Start })
	exes := map[bpf.CommandExeKey]bpf.CommandExe{}
	for i, image := range raw {
		c.index[image.key] = i
		exe, err := c.exe(exes, image.value.Exe)
		if err != nil {
			return err
		}
		c.trace.Images = append(c.trace.Images, c.image(image.key, image.value, exe))
	}
	nameLauncher(c.trace.Images)
	c.blamed = blamed(c.trace.Images)
	return nil
}

// nameLauncher gives the process that capmon forked the name of what it
// executes: until then it is capmon's own, and what it asks for it asks for
// the sake of that exec.
func nameLauncher(images []Image) {
	for _, next := range images {
		if p := next.Parent; p >= 0 && next.Executed && images[p].Parent < 0 {
			images[p].Comm = next.Comm
		}
	}
}

// blamed says of each image whether it failed of itself: it failed, and no
// other process that came from it did.
func blamed(images []Image) []bool {
	failed := make([]bool, len(images))
	for i := range images {
		failed[i] = images[i].Failed()
	}
	for i := range images {
		if !images[i].Failed() {
			continue
		}
		for above := images[i].Parent; above >= 0; above = images[above].Parent {
			if images[above].PID != images[i].PID {
				failed[above] = false
			}
		}
	}
	return failed
}

func (c *collector) image(key bpf.CommandImageKey, raw bpf.CommandImage, exe bpf.CommandExe) Image {
	parent := -1
	if i, ok := c.index[raw.Parent]; ok {
		parent = i
	}
	return Image{
		Process:  Process{PID: int(key.Tgid), Comm: text(raw.Comm[:]), Exe: exePath(exe)},
		Parent:   parent,
		PPID:     int(raw.Ppid),
		Executed: raw.Executed != 0,
		Start:    c.since(key.Start),
		End:      c.since(raw.End),
		Replaced: raw.Replaced != 0,
		Status:   unix.WaitStatus(raw.Status),
		Mode:     uint32(exe.Mode),
	}
}

func (c *collector) exe(known map[bpf.CommandExeKey]bpf.CommandExe, key bpf.CommandExeKey) (bpf.CommandExe, error) {
	if exe, ok := known[key]; ok || key == (bpf.CommandExeKey{}) {
		return exe, nil
	}
	var exe bpf.CommandExe
	if err := c.tracer.maps.Exes.Lookup(key, &exe); err != nil && !isMissing(err) {
		return exe, fmt.Errorf("read executables: %w", err)
	}
	known[key] = exe
	return exe, nil
}

func (c *collector) collectChecks(attempt uint32) error {
	raw, err := take[bpf.CommandCheckKey, bpf.CommandCheck](c.tracer.maps.Checks,
		func(k bpf.CommandCheckKey) bool { return k.Image.Attempt == attempt })
	if err != nil {
		return err
	}
	sort.Slice(raw, func(i, j int) bool { return raw[i].value.First < raw[j].value.First })
	known := map[kind]int{}
	for _, r := range raw {
		check, err := c.check(r.key, r.value)
		if err != nil {
			return err
		}
		k := kindOf(r.key, check.Stack)
		if i, ok := known[k]; ok {
			c.trace.Checks[i].Count += check.Count
			continue
		}
		known[k] = len(c.trace.Checks)
		c.trace.Checks = append(c.trace.Checks, check)
	}
	return nil
}

// kind is what the repeats of a check have in common. The kernel side may
// have more than one record of a kind: what it takes for two ways to a check
// can have one and the same stack.
type kind struct {
	key   bpf.CommandCheckKey // without its path
	stack string
}

func kindOf(key bpf.CommandCheckKey, stack []string) kind {
	key.Site.Path = 0
	return kind{key, strings.Join(stack, " ")}
}

func (c *collector) check(key bpf.CommandCheckKey, raw bpf.CommandCheck) (Check, error) {
	flags := bpf.CommandCheckFlags(key.Flags)
	has := func(f bpf.CommandCheckFlags) bool { return flags&f != 0 }
	stack, err := c.tracer.stack(key.Site)
	if err != nil {
		return Check{}, err
	}
	check := Check{
		Process:   Process{PID: int(key.Image.Tgid)},
		Image:     -1,
		Cap:       caps.Cap(key.Site.Cap),
		Verdict:   Fail,
		Audited:   !has(bpf.CommandCheckFlagsCHECK_NOAUDIT),
		InitialNS: !has(bpf.CommandCheckFlagsCHECK_OTHER_NS),
		OwnCreds:  !has(bpf.CommandCheckFlagsCHECK_OTHER_CRED),
		Syscall:   c.tracer.syscalls.name(int(key.Site.Nr), key.Site.Compat != 0),
		Returned:  has(bpf.CommandCheckFlagsCHECK_RETURNED),
		Return:    raw.Ret,
		Function:  asker(stack),
		Stack:     stack,
		Call:      raw.Call,
		First:     c.since(raw.First),
		Count:     raw.Count,
	}
	if i, ok := c.index[key.Image]; ok {
		check.Image = i
		check.Process = c.trace.Images[i].Process
		if c.trace.Images[i].Parent >= 0 {
			// It may have changed since (prctl(2)).
			check.Process.Comm = text(raw.Comm[:])
		}
		if c.blamed[i] {
			check.FailedAt = c.trace.Images[i].End
		}
	}
	if has(bpf.CommandCheckFlagsCHECK_PASS) {
		check.Verdict = Pass
	}
	if !c.tracer.backend.opts {
		check.Audited = auditedByStack(stack)
	}
	return check, nil
}

// stack returns the kernel stack of a place, without capmon's own hook.
// Places stay the same while the kernel runs, so they are named once.
func (t *Tracer) stack(site bpf.CommandSite) ([]string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if named, ok := t.stacks[site]; ok {
		return named, nil
	}
	var raw bpf.CommandStack
	if err := t.maps.Stacks.Lookup(site, &raw); isMissing(err) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read kernel stacks: %w", err)
	}
	symbols, err := t.symbols()
	if err != nil {
		return nil, err
	}
	var named []string
	for _, ip := range raw.Ips[:min(raw.Frames, uint64(len(raw.Ips)))] {
		named = append(named, symbols.name(ip))
	}
	named = trimHook(named)
	t.stacks[site] = named
	return named, nil
}

// newlyLost is how many records were lost since it was last asked.
func (t *Tracer) newlyLost() (uint64, error) {
	total, err := totalLost(t.maps.Lost, t.programs)
	if err != nil {
		return 0, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	lost := total - t.lastLost
	t.lastLost = total
	return lost, nil
}

type pair[K, V any] struct {
	key   K
	value V
}

// take reads and removes the entries that are wanted.
func take[K, V any](m *ebpf.Map, wanted func(K) bool) ([]pair[K, V], error) {
	return takeEnded(m, wanted, func(V) bool { return true })
}

// takeEnded reads the entries that are wanted, and removes those that have
// ended.
func takeEnded[K, V any](m *ebpf.Map, wanted func(K) bool, ended func(V) bool) ([]pair[K, V], error) {
	var taken []pair[K, V]
	var p pair[K, V]
	entries := m.Iterate()
	for entries.Next(&p.key, &p.value) {
		if wanted(p.key) {
			taken = append(taken, p)
		}
	}
	if err := entries.Err(); err != nil {
		return nil, fmt.Errorf("read eBPF map: %w", err)
	}
	for _, p := range taken {
		if !ended(p.value) {
			continue
		}
		if err := m.Delete(&p.key); err != nil && !isMissing(err) {
			return nil, fmt.Errorf("clear eBPF map: %w", err)
		}
	}
	return taken, nil
}
