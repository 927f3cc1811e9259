package follow

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/trace"
)

// A helper's main goroutine is its main thread.
func init() {
	if os.Getenv(roleEnv) != "" {
		runtime.LockOSThread()
	}
	roles["threads"] = askByThreads
	roles["threads in step"] = askInStep
	roles["leader leaves"] = leaderLeaves
	roles["exec by a thread"] = execByThread
	roles["spawn"] = spawn
}

// perlAsk defines ask(), which makes one check: CAP_SYS_ADMIN, by
// sethostname(2), and changes nothing, as no name has that length.
var perlAsk = fmt.Sprintf(`$x = "x"; sub ask { syscall(%d, $x, -1) } `, unix.SYS_SETHOSTNAME)

func ask() { _ = raw(unix.SYS_SETHOSTNAME, 0, ^uintptr(0)) }

// asks are the checks that ask makes.
func asks(seen trace.Trace) []trace.Check {
	var checks []trace.Check
	for _, c := range seen.Checks {
		if c.Syscall == "sethostname" {
			checks = append(checks, c)
		}
	}
	return checks
}

func countOf(checks []trace.Check) uint64 {
	var n uint64
	for _, c := range checks {
		n += c.Count
	}
	return n
}

// askByThreads asks so many times in each of so many threads, all of which
// begin at once.
func askByThreads(args []string) int {
	threads, _ := strconv.Atoi(args[0])
	times, _ := strconv.Atoi(args[1])
	start := make(chan struct{})
	var ready, done sync.WaitGroup
	for range threads {
		ready.Add(1)
		done.Go(func() {
			runtime.LockOSThread()
			ready.Done()
			<-start
			for range times {
				ask()
			}
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return 0
}

// refused are system calls that nobody may make, and that change nothing.
var refused = []uintptr{
	unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME, unix.SYS_CHROOT, unix.SYS_ACCT, unix.SYS_SWAPOFF,
	unix.SYS_UMOUNT2, unix.SYS_SETTIMEOFDAY, unix.SYS_SETUID, unix.SYS_SETGID, unix.SYS_SETGROUPS, unix.SYS_PIVOT_ROOT,
	unix.SYS_SETRESUID, unix.SYS_SETRESGID, unix.SYS_VHANGUP,
}

// askInStep makes each of those system calls in each of so many threads, all
// at the same moment.
func askInStep(args []string) int {
	threads, _ := strconv.Atoi(args[0])
	// Long enough for settimeofday(2) to find a time in it.
	dot := append([]byte("."), make([]byte, 63)...)
	var arrived atomic.Int64
	var done sync.WaitGroup
	for range threads {
		done.Go(func() {
			runtime.LockOSThread()
			for i, nr := range refused {
				arrived.Add(1)
				for arrived.Load() < int64((i+1)*threads) {
				}
				_ = raw(nr, uintptr(unsafe.Pointer(&dot[0])))
			}
		})
	}
	done.Wait()
	return 0
}

// leaderLeaves asks in a thread that goes on when the leader has ended.
func leaderLeaves([]string) int {
	go func() {
		runtime.LockOSThread()
		stat := fmt.Sprintf("/proc/self/task/%d/stat", os.Getpid())
		for {
			state, err := os.ReadFile(stat)
			if err != nil {
				os.Exit(1)
			}
			if strings.Contains(string(state), ") Z ") {
				break
			}
			runtime.Gosched()
		}
		ask()
		os.Exit(7)
	}()
	// Not RawSyscall: Go's scheduler must not wait for this thread.
	_, _, _ = unix.Syscall(unix.SYS_EXIT, 0, 0, 0)
	return 1
}

// execByThread asks and executes args, in a thread that is not the leader.
func execByThread(args []string) int {
	go func() {
		runtime.LockOSThread()
		ask()
		fmt.Println(unix.Exec(args[0], args, nil))
		os.Exit(1)
	}()
	select {}
}

// spawn runs args as a child, which Go starts as vfork and posix_spawn do.
func spawn(args []string) int {
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		fmt.Println(err, string(out))
		return 1
	}
	return 0
}
