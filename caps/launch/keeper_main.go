package launch

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capmon/capmon/caps/executor"
	"github.com/capmon/capmon/caps/sandbox"
)

const (
	// keeperName is what ps(1) shows. It does not contain "capmon", so that
	// `pkill -9 capmon` ends capmon, and the keeper still cleans up.
	keeperName = "capkeeper"
	// wardenName is another name: the warden cleans up after a killed keeper.
	wardenName = "capwarden"
	// keeperEnv marks a process that is to be a keeper or a warden.
	keeperEnv  = "CAPMON_KEEPER"
	roleKeeper = "keeper"
	roleWarden = "warden" // one that starts a keeper
	roleHelper = "helper" // one that does not
	roleBeside = "beside" // a keeper beside a sandbox, for hooks
	// keeperSocket is the descriptor of the process's end of the socket, and
	// wardSocket that of the keeper that a warden starts. besideInside is the
	// mount namespace of the sandbox that a keeper is beside.
	keeperSocket = 3
	wardSocket   = 4
	besideInside = 4
	// exitFailed is the exit status of a keeper that could not work.
	exitFailed = 125
)

// keeperEnviron is the environment of a keeper or a warden. The command does
// not get it.
func keeperEnviron(role string) []string {
	env := []string{keeperEnv + "=" + role}
	// For the coverage of tests (go help build, -cover).
	if dir, ok := os.LookupEnv("GOCOVERDIR"); ok {
		env = append(env, "GOCOVERDIR="+dir)
	}
	return env
}

// KeeperMain makes a keeper, or the executor of a service, of this process if
// it was started to be one, and then does not return. Otherwise it returns at once. Call it first in main,
// and in the TestMain of tests that launch commands.
//
// Anyone can start capmon in this way. It gives them nothing: a keeper that
// got powers from its own file, by set-user-ID or file capabilities, gives
// them up first, and is then only a process that does what its caller may do.
func KeeperMain() {
	if executor.Asked() {
		if err := renounce(); err != nil {
			fmt.Fprintln(os.Stderr, "capmon:", err)
			os.Exit(exitFailed)
		}
		executor.Main()
	}
	if !isKeeper() {
		mayKeep.Store(true)
		return
	}
	if err := keep(); err != nil {
		fmt.Fprintln(os.Stderr, "capmon:", err)
		os.Exit(exitFailed)
	}
	os.Exit(0)
}

// mayKeep: this program calls KeeperMain, so a second execution of it becomes
// a keeper. One that did not would do all its work again, and start a third.
var mayKeep atomic.Bool

func isKeeper() bool {
	if os.Getenv(keeperEnv) == "" {
		return false
	}
	domain, err := unix.GetsockoptInt(keeperSocket, unix.SOL_SOCKET, unix.SO_DOMAIN)
	return err == nil && domain == unix.AF_UNIX
}

// keep is the life of a keeper or a warden.
func keep() error {
	if err := renounce(); err != nil {
		return err
	}
	// What the user's shell has left open for capmon is not the command's.
	if err := closeOnExec(keeperSocket); err != nil {
		return err
	}
	role := os.Getenv(keeperEnv)
	if err := setName(nameOf(role)); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become child subreaper: %w", err)
	}
	// Its launching thread has the command's identity and capabilities, and
	// so may be looked at by the command (ptrace(2), "Ptrace access mode
	// checking"); but the memory is also that of the other threads, which
	// have all of capmon's. Exec makes the command itself dumpable again.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("guard keeper: %w", err)
	}
	switch role {
	case roleWarden:
		w := warden{reaper: newReaper()}
		if err := w.startWard(); err != nil {
			return err
		}
		return w.live()
	case roleHelper:
		w := warden{reaper: newReaper(), keeperGone: make(chan struct{})}
		close(w.keeperGone)
		return w.live()
	}
	return keepCommand(role == roleBeside)
}

// nameOf is what ps(1) shows of a process in this role.
func nameOf(role string) string {
	if role == roleKeeper || role == roleBeside {
		return keeperName
	}
	return wardenName
}

// prepare does what every keeper does before it says hello.
func prepare() (*conn, error) {
	if err := inherit(); err != nil {
		return nil, err
	}
	if err := surviveSignals(); err != nil {
		return nil, err
	}
	return newConn(keeperSocket)
}

// keepCommand is the life of a keeper.
func keepCommand(besideSandbox bool) error {
	conn, err := prepare()
	if err != nil {
		return err
	}
	var beside *sandbox.Beside
	if besideSandbox {
		if beside, err = sandbox.NewBeside(besideInside); err != nil {
			return err
		}
	}
	hello := message{Kind: helloReply, Grantable: Grantable()}
	options, sealed, err := toBuild()
	if err != nil {
		return fmt.Errorf("read %s: %w", sandboxEnv, err)
	}
	if sealed {
		if hello.ReadOnly, err = sandbox.Build(options); err != nil {
			return conn.send(message{Kind: failedReply, Failure: failure{Text: "make sandbox: " + err.Error()}})
		}
	}
	if err := conn.send(hello); err != nil {
		return err
	}
	return serve(conn, sealed, beside)
}

// setName names the process, which is to name its first thread. That of a
// file with privileges belongs to root in /proc; such a process can only name
// the thread on which it runs, which in practice, this early, is the first.
func setName(name string) error {
	if os.WriteFile("/proc/self/comm", []byte(name), 0) == nil {
		return nil
	}
	text, err := unix.BytePtrFromString(name)
	if err != nil {
		return fmt.Errorf("name keeper: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(text)), 0, 0, 0); err != nil {
		return fmt.Errorf("name keeper: %w", err)
	}
	return nil
}

// renounce gives up what the executable's file has lent to this process.
func renounce() error {
	lent, err := executedSecurely()
	if err != nil || !lent {
		return err
	}
	uid, gid := unix.Getuid(), unix.Getgid()
	if err := syscall.Setresgid(gid, gid, gid); err != nil {
		return fmt.Errorf("give up the file's group: %w", err)
	}
	if err := syscall.Setresuid(uid, uid, uid); err != nil {
		return fmt.Errorf("give up the file's user: %w", err)
	}
	if err := cap.NewSet().SetProc(); err != nil {
		return fmt.Errorf("give up the file's capabilities: %w", err)
	}
	return nil
}

// executedSecurely says whether exec has given this process more than it had:
// AT_SECURE of getauxval(3), set by cap_bprm_creds_from_file() in
// security/commoncap.c.
func executedSecurely() (bool, error) {
	const atSecure = 23 // AT_SECURE of linux/auxvec.h
	vector, err := unix.Auxv()
	if err != nil {
		return false, fmt.Errorf("read auxiliary vector: %w", err)
	}
	for _, entry := range vector {
		if entry[0] == atSecure {
			return entry[1] != 0, nil
		}
	}
	return true, nil
}

// closeOnExec marks every descriptor from first on.
func closeOnExec(first int) error {
	err := unix.CloseRange(uint(first), ^uint(0)>>32, unix.CLOSE_RANGE_CLOEXEC)
	if err == nil {
		return nil
	}
	// Linux before 5.11.
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("list descriptors: %w", err)
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd >= first {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// surviveSignals makes the keeper outlive what is sent to the whole process
// group, by Ctrl-C at the terminal or by the command's own kill(0). Handlers,
// unlike ignored signals, are not inherited through exec, so the command gets
// the default; but what capmon was started with as ignored (nohup) is left
// alone, and so inherited.
func surviveSignals() error {
	ignored, err := ignoredSignals()
	if err != nil {
		return err
	}
	caught := make([]os.Signal, 0, 64)
	for s := syscall.Signal(1); s <= 64; s++ {
		switch s {
		case syscall.SIGKILL, syscall.SIGSTOP: // cannot be caught
		case syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGURG, syscall.SIGWINCH: // harm nobody
		default:
			if ignored&(1<<(s-1)) == 0 {
				caught = append(caught, s)
			}
		}
	}
	// Nobody reads the channel: package signal drops what does not fit.
	signal.Notify(make(chan os.Signal, 1), caught...)
	return nil
}

// ignoredSignals is SigIgn of proc_pid_status(5), bit N-1 for signal N.
func ignoredSignals() (uint64, error) {
	mask, err := statusField("/proc/self/status", "SigIgn:")
	if err == nil && len(mask) == 1 {
		var ignored uint64
		if ignored, err = strconv.ParseUint(mask[0], 16, 64); err == nil {
			return ignored, nil
		}
	}
	return 0, fmt.Errorf("read signal dispositions: %w", err)
}

// serve does what capmon asks for until it says release or its end of the
// socket closes. A sealed keeper is the first process of a sandbox.
func serve(conn *conn, sealed bool, beside *sandbox.Beside) error {
	var current *launching
	detached := sync.OnceValue(newReaper)
	for {
		m, err := conn.receive()
		if err != nil {
			// capmon is gone, and nothing of the command may stay.
			if sealed {
				return nil // The kernel kills the rest (pid_namespaces(7)).
			}
			return current.killAll()
		}
		switch m.Kind {
		case launchRequest:
			fds, err := conn.takeFiles(3)
			if err != nil {
				return err
			}
			var reaper *reaper
			if m.Spec.Detached {
				reaper = detached()
			}
			current = startLaunching(conn, m.Spec, fds, reaper, beside)
		case goRequest:
			current.decision <- true
		case abortRequest:
			current.abort()
		case signalRequest:
			current.signalGroup(unix.Signal(m.Number))
		case releaseRequest:
			return nil
		}
	}
}

// killAll ends everything that came of l and returns when it has been waited
// for.
func (l *launching) killAll() error {
	if l == nil {
		return nil
	}
	l.abort()
	e := ender{
		walk: func(visit func(proc)) error { return walk(os.Getpid(), visit) },
		done: l.done,
	}
	return e.run(context.Background(), 0)
}
