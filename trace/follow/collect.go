package follow

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/backend"
)

// ErrNotSeen is the error of Collect where the tracer did not even see that the
// armed thread forked: that no check was recorded then means nothing.
var ErrNotSeen = errors.New("the tracer did not see the command start, so it can say nothing of its capabilities")

// Collect reads what has been recorded, and forgets it; but for the processes
// that still run, which the next Collect returns as well. Call it when the
// armed thread has forked; the error is ErrNotSeen if that was not seen.
func (r *Recording) Collect() (trace.Trace, error) {
	// One at a time: a walk through a map starts again when the entry where
	// it is has been removed.
	r.tracer.collecting.Lock()
	defer r.tracer.collecting.Unlock()
	c := collector{
		tracer: r.tracer, start: r.start, index: map[bpf.CommandImageKey]int{},
		exes: map[bpf.CommandExeKey]exe{}, names: map[[16]int8]string{},
	}
	if err := c.collectImages(r.attempt); err != nil {
		return trace.Trace{}, err
	}
	r.seen = r.seen || len(c.trace.Images) > 0
	if !r.seen {
		return trace.Trace{}, ErrNotSeen
	}
	running := slices.ContainsFunc(c.trace.Images, trace.Image.Runs)
	if err := r.mark("", running || len(r.tracer.sysExit.all()) > 1); err != nil {
		return trace.Trace{}, err
	}
	arguments, err := r.takeArguments()
	if err != nil {
		return trace.Trace{}, err
	}
	if err := c.collectChecks(r.marked.list, arguments); err != nil {
		return trace.Trace{}, err
	}
	c.trace.Folded = r.folded
	r.marked = records{}
	if r.disarmed.Load() && !running {
		r.tracer.sysExit.end(r)
	}
	lost, err := r.newlyLost()
	if err != nil {
		return trace.Trace{}, err
	}
	c.trace.Lost = lost
	return c.trace, nil
}

type collector struct {
	tracer *Tracer
	start  time.Duration
	trace  trace.Trace
	index  map[bpf.CommandImageKey]int
	exes   map[bpf.CommandExeKey]exe
	names  map[[16]int8]string
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
	raw, err := backend.TakeEnded(c.tracer.maps.Images,
		func(k bpf.CommandImageKey) bool { return k.Attempt == attempt },
		func(i bpf.CommandImage) bool { return i.End != 0 })
	if err != nil {
		return err
	}
	slices.SortFunc(raw, func(a, b backend.Entry[bpf.CommandImageKey, bpf.CommandImage]) int {
		return cmp.Compare(a.Key.Start, b.Key.Start)
	})
	c.trace.Images = make([]trace.Image, 0, len(raw))
	for i, image := range raw {
		c.index[image.Key] = i
		exe, err := c.exe(image.Value.Exe)
		if err != nil {
			return err
		}
		c.trace.Images = append(c.trace.Images, c.image(image.Key, image.Value, exe))
	}
	nameLauncher(c.trace.Images)
	c.blamed = blamed(c.trace.Images)
	return nil
}

// nameLauncher gives the process that capmon forked the name of what it
// executes: until then it is capmon's own, and what it asks for it asks for
// the sake of that exec.
func nameLauncher(images []trace.Image) {
	for _, next := range images {
		if p := next.Parent; p >= 0 && next.Executed && images[p].Parent < 0 {
			images[p].Comm = next.Comm
		}
	}
}

// blamed says of each image whether the failure is its own: it failed, and no
// other process that came from it did.
func blamed(images []trace.Image) []bool {
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

func (c *collector) image(key bpf.CommandImageKey, raw bpf.CommandImage, exe exe) trace.Image {
	parent := -1
	if i, ok := c.index[raw.Parent]; ok {
		parent = i
	}
	return trace.Image{
		Process:  trace.Process{PID: int(raw.Pid), PPID: int(raw.Ppid), Comm: c.name(raw.Comm), Exe: exe.path},
		Parent:   parent,
		Executed: raw.Executed != 0,
		Start:    c.since(key.Start),
		End:      c.since(raw.End),
		Replaced: raw.Replaced != 0,
		Status:   unix.WaitStatus(raw.Status),
		Mode:     exe.mode,
	}
}

// exe is what has been executed. Of many processes there are few.
type exe struct {
	path string
	mode uint32
}

func (c *collector) exe(key bpf.CommandExeKey) (exe, error) {
	if known, ok := c.exes[key]; ok || key == (bpf.CommandExeKey{}) {
		return known, nil
	}
	var raw bpf.CommandExe
	if err := c.tracer.maps.Exes.Lookup(key, &raw); err != nil && !backend.IsMissing(err) {
		return exe{}, fmt.Errorf("read executables: %w", err)
	}
	found := exe{exePath(raw), uint32(raw.Mode)}
	c.exes[key] = found
	return found, nil
}

// name is the text of a name, one string for all processes that have it.
func (c *collector) name(comm [16]int8) string {
	name, ok := c.names[comm]
	if !ok {
		name = backend.Text(comm[:])
		c.names[comm] = name
	}
	return name
}

func (c *collector) collectChecks(raw []record, arguments map[bpf.CommandCheckKey]bpf.CommandArguments) error {
	slices.SortFunc(raw, func(a, b record) int { return cmp.Compare(a.Value.First, b.Value.First) })
	known := make(map[repeats]int, len(raw))
	c.trace.Checks = make([]trace.Check, 0, len(raw))
	for _, r := range raw {
		frames, stack, err := c.tracer.stack(r.Key.Site)
		if err != nil {
			return err
		}
		k := repeatsOf(r.Key, stack, r.scenario)
		if i, ok := known[k]; ok {
			c.trace.Checks[i].Count += r.Value.Count
			continue
		}
		known[k] = len(c.trace.Checks)
		check := c.check(r.Key, r.Value, frames)
		check.Scenario = r.scenario
		if a, ok := arguments[r.Key]; ok {
			check.Argument = argument(check.Syscall, a)
		}
		c.trace.Checks = append(c.trace.Checks, check)
	}
	return nil
}

// repeats is what the repeats of a check have in common. The kernel side may
// have more than one record of a kind: what it takes for two ways to a check
// can have one and the same stack.
type repeats struct {
	key      bpf.CommandCheckKey // without its path
	stack    int
	scenario trace.Scenario
}

func repeatsOf(key bpf.CommandCheckKey, stack int, scenario trace.Scenario) repeats {
	key.Site.Path = 0
	return repeats{key, stack, scenario}
}

func (c *collector) check(key bpf.CommandCheckKey, raw bpf.CommandCheck, stack []string) trace.Check {
	flags := bpf.CommandCheckFlags(key.Flags)
	has := func(f bpf.CommandCheckFlags) bool { return flags&f != 0 }
	check := trace.Check{
		Process:   trace.Process{PID: int(key.Image.Tgid)},
		Image:     -1,
		Cap:       caps.Cap(key.Site.Cap),
		Verdict:   trace.Fail,
		Audited:   !has(bpf.CommandCheckFlagsCHECK_NOAUDIT),
		InitialNS: !has(bpf.CommandCheckFlagsCHECK_OTHER_NS),
		OwnCreds:  !has(bpf.CommandCheckFlagsCHECK_OTHER_CRED),
		Syscall:   c.tracer.syscalls.Name(int(key.Site.Nr), key.Site.Compat != 0),
		Returned:  has(bpf.CommandCheckFlagsCHECK_RETURNED),
		Return:    raw.Ret,
		Function:  trace.Asker(stack),
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
			check.Process.Comm = c.name(raw.Comm)
		}
		if c.blamed[i] {
			check.FailedAt = c.trace.Images[i].End
		}
	}
	if has(bpf.CommandCheckFlagsCHECK_PASS) {
		check.Verdict = trace.Pass
	}
	if !c.tracer.programs.Backend.SeesOpts {
		check.Audited = trace.AuditedByStack(stack)
	}
	return check
}

// newlyLost is how many records were lost while r was recorded, since it was
// last asked. Of what is recorded at the same time, each may be incomplete.
func (r *Recording) newlyLost() (uint64, error) {
	total, err := r.tracer.programs.Lost()
	if err != nil {
		return 0, err
	}
	lost := total - r.lostBefore
	r.lostBefore = total
	return lost, nil
}
