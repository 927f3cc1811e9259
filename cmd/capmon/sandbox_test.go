package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
)

// listen makes a port that a command in a sandbox can connect to, where a
// named pipe would be another one. The command that it returns says that it
// runs, leaves processes that hold the connection, and hangs.
func listen(t *testing.T) (*net.TCPListener, string) {
	t.Helper()
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	script := fmt.Sprintf("exec 3<>/dev/tcp/127.0.0.1/%d; setsid sh -c 'sleep 1000 & sleep 1000' & "+
		"mount -t tmpfs capmon-test /mnt; echo runs >&3; sleep 1000", l.Addr().(*net.TCPAddr).Port)
	return l, "bash -c \"" + script + "\""
}

func TestSandboxKilled(t *testing.T) {
	testenv.NeedRoot(t, "discovering")
	l, command := listen(t)
	cmd, _, _ := capmonCommand(t, "discover", "--sandbox", "--backend", "none", "--setup", "setsid sleep 1000 & true", command)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l.SetDeadline(time.Now().Add(30 * time.Second))
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	line := make([]byte, len("runs\n"))
	if _, err := io.ReadFull(conn, line); err != nil {
		t.Fatal(err)
	}
	inside := sandboxProcesses(t, cmd.Process.Pid)
	if len(inside) < 5 {
		t.Errorf("only %d processes in the sandbox", len(inside))
	}
	signalled(t, cmd, unix.SIGKILL)
	// A reset is an end as well.
	if _, err := io.Copy(io.Discard, conn); err != nil && !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("a process of the command still runs: %v", err)
	}
	for _, fd := range inside {
		awaitProcess(t, fd)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || bytes.Contains(mounts, []byte("upperdir=/store/")) || bytes.Contains(mounts, []byte("capmon-test")) {
		t.Errorf("mounts of the sandbox: %v\n%s", err, mounts)
	}
}

// sandboxProcesses opens a pidfd for each process that is in a pid namespace
// below that of capmon.
func sandboxProcesses(t *testing.T, capmon int) []int {
	t.Helper()
	var fds []int
	seen := map[string]bool{}
	own, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", capmon))
	if err != nil {
		t.Fatal(err)
	}
	children, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", capmon))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range children {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for pid := range strings.FieldsSeq(string(text)) {
			ns, err := os.Readlink("/proc/" + pid + "/ns/pid")
			if err == nil && ns != own {
				seen[ns] = true
			}
		}
	}
	all, err := filepath.Glob("/proc/[0-9]*/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range all {
		if ns, err := os.Readlink(link); err != nil || !seen[ns] {
			continue
		}
		pid, err := strconv.Atoi(strings.Split(link, "/")[2])
		if err != nil {
			t.Fatal(err)
		}
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { unix.Close(fd) })
		fds = append(fds, fd)
	}
	return fds
}

// awaitProcess waits until the process of a pidfd has ended.
func awaitProcess(t *testing.T, fd int) {
	t.Helper()
	bounded(t, "a process of the sandbox still runs", func() error {
		for {
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
			if err != unix.EINTR {
				return err
			}
		}
	})
}
