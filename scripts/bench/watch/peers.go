package watch

import (
	"context"
	"os/exec"
)

// The names under which other programs are measured.
const (
	Count       = "bpftrace, count"
	CountStack  = "bpftrace, count with kstack"
	KprobeCount = "bpftrace, count on a kprobe"
	Strace      = "strace -f"
	PerfTrace   = "perf trace"
	BCC         = "capable of bcc"
)

// CountProgram counts every check by process, capability and verdict.
const CountProgram = "tracepoint:capability:cap_capable { @[pid, args->cap, args->ret] = count(); }"

const (
	stackProgram  = "tracepoint:capability:cap_capable { @[pid, args->cap, args->ret, kstack] = count(); }"
	kprobeProgram = "kprobe:cap_capable { @[pid, arg2] = count(); }"
)

// Peers are the programs that may work on this machine. Those whose kernel
// feature or program is missing fail at their start.
func Peers() []Watcher {
	return []Watcher{
		{Name: Count, Slow: 1, Start: bpftrace(CountProgram)},
		{Name: CountStack, Slow: 1, Start: bpftrace(stackProgram)},
		{Name: KprobeCount, Slow: 1, Start: bpftrace(kprobeProgram)},
		// It prints a heading once it watches. Unbuffered it would be slower.
		{Name: BCC, Slow: 10, Start: beside("PID", "capable")},
		{Name: Strace, Slow: 300, Wrap: wrap("strace", "-f", "-o", "/dev/null")},
		{Name: PerfTrace, Slow: 10, Wrap: wrap("perf", "trace", "-o", "/dev/null", "-e", "capability:cap_capable")},
	}
}

// bpftrace attaches the last probe first, so the one that says that it is
// ready stands before the program.
func bpftrace(program string) func(context.Context) (*Running, error) {
	return beside("ready", "bpftrace", "-e", `interval:ms:200 { printf("ready\n"); } `+program)
}

func wrap(tool ...string) func([]string) []string {
	return func(command []string) []string {
		return append(append([]string{}, tool...), command...)
	}
}

// Installed says whether a program is there.
func Installed(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}
