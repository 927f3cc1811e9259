package sandbox

import (
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// Enter calls start on a thread that is in the sandbox of which pid is the
// first process, with the working directory dir. What start starts is in the
// sandbox. The thread ends with it.
func Enter(pid int, dir string, start func() error) error {
	result := make(chan error, 1)
	go func() { result <- onOwnThread(func() error { return enter(pid, dir, start) }) }()
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
func enter(pid int, dir string, start func() error) error {
	// Root and working directory are the process's and not the thread's
	// unless it says so, and setns(2) refuses a mount namespace then.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return fmt.Errorf("enter sandbox: %w", err)
	}
	// The mount namespace comes last: /proc is another one then.
	for _, name := range []string{"uts", "ipc", "net", "pid", "mnt"} {
		if err := joinNamespace(fmt.Sprintf("/proc/%d/ns/%s", pid, name)); err != nil {
			return fmt.Errorf("enter sandbox: %w", err)
		}
	}
	if err := unix.Chdir(dir); err != nil {
		return fmt.Errorf("enter sandbox: change directory to %s: %w", dir, err)
	}
	return start()
}

func joinNamespace(path string) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return errors.Join(unix.Setns(fd, 0), unix.Close(fd))
}
