package launch

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/sandbox"
)

// Variables that tell a keeper what else to do.
const (
	sandboxEnv   = "CAPMON_SANDBOX"   // build a sandbox: its sandbox.Options in JSON
	inheritedEnv = "CAPMON_INHERITED" // inherited, as text
)

// inherited is state that capmon changes for itself. A keeper that is started
// later must have it as it was.
type inherited struct {
	// ignored signals, bit N-1 for signal N: a handler that capmon has set
	// since is not ignoring in its child.
	ignored uint64
	// memlock is RLIMIT_MEMLOCK, which old kernels want raised for eBPF.
	memlock unix.Rlimit
}

func readInherited() (inherited, error) {
	ignored, err := ignoredSignals()
	if err != nil {
		return inherited{}, err
	}
	i := inherited{ignored: ignored}
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &i.memlock); err != nil {
		return inherited{}, fmt.Errorf("read limits: %w", err)
	}
	return i, nil
}

func (i inherited) environ() string {
	return fmt.Sprintf("%s=%x %d %d", inheritedEnv, i.ignored, i.memlock.Cur, i.memlock.Max)
}

// inherit makes this process as if it had been started early, if it is told
// to.
func inherit() error {
	text := os.Getenv(inheritedEnv)
	if text == "" {
		return nil
	}
	var i inherited
	if _, err := fmt.Sscanf(text, "%x %d %d", &i.ignored, &i.memlock.Cur, &i.memlock.Max); err != nil {
		return fmt.Errorf("read %s: %w", inheritedEnv, err)
	}
	for s := syscall.Signal(1); s <= 64; s++ {
		if i.ignored&(1<<(s-1)) != 0 {
			signal.Ignore(s)
		}
	}
	if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &i.memlock); err != nil {
		return fmt.Errorf("set limits: %w", err)
	}
	return nil
}

func sandboxEnviron(o sandbox.Options) (string, error) {
	text, err := json.Marshal(o)
	return sandboxEnv + "=" + string(text), err
}

// toBuild says whether this keeper is to build a sandbox, and which.
func toBuild() (o sandbox.Options, sealed bool, err error) {
	text, sealed := os.LookupEnv(sandboxEnv)
	if sealed {
		err = json.Unmarshal([]byte(text), &o)
	}
	return o, sealed, err
}

// statusField is the words of one line of a file such as /proc/self/status.
func statusField(file, name string) ([]string, error) {
	status, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, name); ok {
			return strings.Fields(value), nil
		}
	}
	return nil, fmt.Errorf("no %s in %s", name, file)
}
