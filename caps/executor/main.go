package executor

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Asked says whether this process was started to be an executor. Anyone can
// start it so: it does what its caller may do.
func Asked() bool {
	_, asked := os.LookupEnv(planEnv)
	return asked
}

// Main is the life of an executor. It does not return. The process must have
// no powers that its caller lacks.
func Main() {
	var p Plan
	err := json.Unmarshal([]byte(os.Getenv(planEnv)), &p)
	if err == nil {
		err = p.execute()
	}
	status := exitFailed
	var failed *stepError
	if errors.As(err, &failed) {
		status = failed.status
	}
	fmt.Fprintln(os.Stderr, "capmon:", err)
	os.Exit(status)
}

// Exit statuses of systemd.exec(5), "Process Exit Codes".
const (
	exitChdir         = 200
	exitNice          = 201
	exitFDs           = 202
	exitExec          = 203
	exitStdin         = 208
	exitChroot        = 210
	exitIOPrio        = 211
	exitSecureBits    = 213
	exitScheduler     = 214
	exitGroup         = 216
	exitUser          = 217
	exitCapabilities  = 218
	exitNoNewPrivs    = 227
	exitRuntimeDir    = 233
	exitStateDir      = 238
	exitCacheDir      = 239
	exitLogsDir       = 240
	exitConfiguration = 241
	exitFailed        = 125
)

// stepError is a step that failed, with the exit status that systemd gives it.
type stepError struct {
	status int
	step   string
	err    error
}

func (e *stepError) Error() string { return fmt.Sprintf("%s: %v", e.step, e.err) }

func (e *stepError) Unwrap() error { return e.err }

// at is err as that of a step; nil if there is none.
func at(status int, err error, step string, args ...any) error {
	if err == nil {
		return nil
	}
	return &stepError{status, fmt.Sprintf(step, args...), err}
}

// execute returns only if it fails.
func (p Plan) execute() error {
	// Nice values and keyrings are a thread's.
	runtime.LockOSThread()
	// For what is above a directory that is made.
	unix.Umask(0o022)
	steps := []func() error{
		p.reserved, p.adjustOOM, p.setNice, p.setCPU, p.setIO, p.limit,
		p.makeDirectories, p.feed, p.listen, p.enterRoot, p.bound, p.assume, p.raise, p.changeDir, p.forgo,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	unix.Umask(int(p.UMask))
	resetSignals()
	return p.exec()
}

func (p Plan) exec() error {
	env := p.Env
	if len(p.Sockets) > 0 {
		env = append(env, listenEnviron(p.Sockets)...)
	}
	env = append(env, fmt.Sprintf("SYSTEMD_EXEC_PID=%d", os.Getpid()))
	var last error = unix.ENOENT
	for _, path := range p.candidates() {
		err := syscall.Exec(path, p.Args, env)
		if !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR) && !errors.Is(err, unix.EACCES) {
			return at(exitExec, err, "execute %s", p.Path)
		}
		if !errors.Is(err, unix.ENOENT) {
			last = err
		}
	}
	return at(exitExec, last, "execute %s", p.Path)
}

// candidates are the files that Path may mean.
func (p Plan) candidates() []string {
	if strings.Contains(p.Path, "/") {
		return []string{p.Path}
	}
	var paths []string
	for _, variable := range p.Env {
		if list, ok := strings.CutPrefix(variable, "PATH="); ok {
			paths = nil
			for _, dir := range strings.Split(list, ":") {
				paths = append(paths, dir+"/"+p.Path)
			}
		}
	}
	return paths
}
