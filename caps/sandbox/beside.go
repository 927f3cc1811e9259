package sandbox

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// Enter calls start on a thread whose children are in the sandbox of which pid
// is the first process, but see the machine's files. inside is the descriptor
// of the sandbox's mount namespace, which start is to close. The thread ends
// with it.
//
// The mount namespace is left out because what the command did there must not
// decide what is executed: it can mount something over /proc/self/exe.
func Enter(pid int, start func(inside int) error) error {
	result := make(chan error, 1)
	go func() { result <- onOwnThread(func() error { return enter(pid, start) }) }()
	return <-result
}

// onOwnThread calls f on a thread that ends with the calling goroutine. The
// first thread of a process would stay, and be what others see of it in /proc.
func onOwnThread(f func() error) error {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		return f() // The thread is never unlocked.
	}
	defer runtime.UnlockOSThread()
	result := make(chan error, 1)
	// Not on this thread, which is taken.
	go func() { result <- onOwnThread(f) }()
	return <-result
}

// enter moves the calling thread.
func enter(pid int, start func(inside int) error) error {
	inside, err := openNamespace(fmt.Sprintf("/proc/%d/ns/mnt", pid))
	if err != nil {
		return fmt.Errorf("enter sandbox: %w", err)
	}
	for _, name := range []string{"uts", "ipc", "net", "pid"} {
		if err := joinNamespace(fmt.Sprintf("/proc/%d/ns/%s", pid, name)); err != nil {
			return errors.Join(fmt.Errorf("enter sandbox: %w", err), unix.Close(inside))
		}
	}
	if err := makeReadOnly(); err != nil {
		return errors.Join(err, unix.Close(inside))
	}
	return start(inside)
}

// makeReadOnly gives the calling thread mounts of its own, through which nothing
// can be written: the command sees what is started there as soon as it exists,
// and through /proc/PID/root its files.
func makeReadOnly() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("keep mounts apart: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts apart: %w", err)
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	err := unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &attr)
	if err != nil && !errors.Is(err, unix.ENOSYS) { // Before Linux 5.12 Witness fails.
		return fmt.Errorf("make mounts read-only: %w", err)
	}
	return nil
}

func openNamespace(path string) (int, error) {
	return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

func joinNamespace(path string) error {
	fd, err := openNamespace(path)
	if err != nil {
		return err
	}
	return errors.Join(unix.Setns(fd, 0), unix.Close(fd))
}

// Beside is for a process that is in a sandbox but for its mount namespace,
// in which it sees the machine's files. Its threads can take part in what the
// sandbox sees.
type Beside struct {
	inside, outside int // mount namespaces
	dir             string
}

// NewBeside is for a process that has been started by Enter, and given inside.
func NewBeside(inside int) (*Beside, error) {
	unix.CloseOnExec(inside)
	outside, err := openNamespace("/proc/self/ns/mnt")
	if err != nil {
		return nil, fmt.Errorf("enter sandbox: %w", err)
	}
	dir, err := unix.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find working directory: %w", err)
	}
	return &Beside{inside: inside, outside: outside, dir: dir}, nil
}

// Join gives the calling thread, for good, the view that the command has.
func (b *Beside) Join() error {
	if err := moveThread(b.inside); err != nil {
		return err
	}
	return changeDir(b.dir)
}

// moveThread moves the calling thread to a mount namespace.
func moveThread(namespace int) error {
	// Root and working directory are the process's and not the thread's
	// unless it says so, and setns(2) refuses a mount namespace then.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("enter sandbox: %w", err)
	}
	if err := unix.Setns(namespace, unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("enter sandbox: %w", err)
	}
	return nil
}

func changeDir(dir string) error {
	if err := unix.Chdir(dir); err != nil {
		return fmt.Errorf("enter sandbox: change directory to %s: %w", dir, err)
	}
	return nil
}
