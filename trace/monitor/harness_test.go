package monitor

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/backend"
	"github.com/capmon/capmon/trace/internal/tracetest"
)

// askerScript asks for CAP_SYS_ADMIN as often as it is told, by a
// sethostname(2) that fails in any case; "fork N M" has M children do it in
// turn. "call N NR ARGS" makes another system call N times. Its argument may be
// the header (version 3) or the data of capset(2): it fails in any case, for
// CAP_CHOWN is to be effective without being permitted.
const askerScript = `
$| = 1; $0 = shift; my $nr = shift;
my %pointer = (header => pack("L2", 0x20080522, 0), data => pack("L6", 1, (0) x 5));
sub ask { my $name = "x"; syscall($nr, $name, -1) for 1..shift }
print "ready\n";
while (<STDIN>) {
	if (/^fork (\d+) (\d+)/) {
		for (1..$2) { my $pid = fork // die; if (!$pid) { ask($1); exit } waitpid $pid, 0 }
	} elsif (/^call (\d+) (.*)/) {
		my @args = map { $pointer{$_} // $_ + 0 } split " ", $2;
		syscall(@args ? $args[0] : 0, @args[1..$#args]) for 1..$1;
	} elsif (/^(\d+)/) { ask($1) }
	print "done\n";
}`

// asking is a process that makes checks when it is told to.
type asking struct {
	t     *testing.T
	pid   int
	to    io.Writer
	lines *bufio.Scanner
}

func startAsking(t *testing.T, name string, uid uint32) *asking {
	t.Helper()
	cmd := exec.Command("/usr/bin/perl", "-e", askerScript, name, strconv.Itoa(unix.SYS_SETHOSTNAME))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	to, err := cmd.StdinPipe()
	testenv.Must(t, err)
	from, err := cmd.StdoutPipe()
	testenv.Must(t, err)
	testenv.Must(t, cmd.Start())
	a := &asking{t: t, pid: cmd.Process.Pid, to: to, lines: bufio.NewScanner(from)}
	t.Cleanup(func() {
		to.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	a.await("ready")
	return a
}

func (a *asking) await(line string) {
	a.t.Helper()
	if !a.lines.Scan() || a.lines.Text() != line {
		a.t.Fatalf("helper said %q, want %q", a.lines.Text(), line)
	}
}

// ask returns when the checks have been made.
func (a *asking) ask(n int) { a.t.Helper(); a.tell(strconv.Itoa(n)) }

// askInChildren has children make n checks each, one after the other.
func (a *asking) askInChildren(n, children int) {
	a.t.Helper()
	a.tell(fmt.Sprintf("fork %d %d", n, children))
}

func (a *asking) tell(line string) {
	a.t.Helper()
	_, err := io.WriteString(a.to, line+"\n")
	testenv.Must(a.t, err)
	a.await("done")
}

// watching is a monitor that runs.
type watching struct {
	t       *testing.T
	monitor *Monitor
	cancel  context.CancelFunc
	done    chan error
	seen    []Event
}

func openTestMonitor(t *testing.T, c Config) *watching {
	t.Helper()
	m, err := Open(c)
	testenv.Must(t, err)
	t.Cleanup(func() { testenv.Must(t, m.Close()) })
	return &watching{t: t, monitor: m, done: make(chan error, 1)}
}

func startMonitor(t *testing.T, c Config) *watching {
	t.Helper()
	w := openTestMonitor(t, c)
	w.run()
	return w
}

func (w *watching) run() {
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(context.Background())
	go func() {
		w.done <- w.monitor.Run(ctx, func(burst []Event) error {
			w.seen = append(w.seen, burst...)
			return nil
		})
	}()
}

// stop returns all that was seen from the beginning to now.
func (w *watching) stop() []Event {
	w.t.Helper()
	w.cancel()
	testenv.Must(w.t, <-w.done)
	return w.seen
}

func (w *watching) lost() uint64 {
	w.t.Helper()
	n, err := w.monitor.Lost()
	testenv.Must(w.t, err)
	return n
}

// loader finds out with which backends to test.
var loader = tracetest.Loader{Names: backend.Names(), Try: func(name string) error {
	m, err := Open(Config{Backend: name})
	if err != nil {
		return err
	}
	return m.Close()
}}

// eachBackend runs a test with every backend.
func eachBackend(t *testing.T, test func(t *testing.T, backend string)) {
	t.Helper()
	for _, name := range loader.Backends(t) {
		t.Run(name, func(t *testing.T) { test(t, name) })
	}
}

// hostnameChecks are those that a helper makes on demand.
func hostnameChecks(seen []Event) []trace.Check {
	var checks []trace.Check
	for _, e := range seen {
		if e.Check.Syscall == "sethostname" {
			checks = append(checks, e.Check)
		}
	}
	return checks
}

func total(checks []trace.Check) uint64 {
	var n uint64
	for _, c := range checks {
		n += c.Count
	}
	return n
}

// counts says how often each process of that name asked: "a:3 b:1".
func counts(seen []Event, names ...string) string {
	var words []string
	for _, name := range names {
		var of []trace.Check
		for _, c := range hostnameChecks(seen) {
			if c.Process.Comm == name {
				of = append(of, c)
			}
		}
		if n := total(of); n > 0 {
			words = append(words, fmt.Sprintf("%s:%d", name, n))
		}
	}
	return strings.Join(words, " ")
}
