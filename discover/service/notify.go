package service

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// notifyName is where the service finds the notification socket.
func notifyName() string { return fmt.Sprintf("/run/capmon-%d/notify", os.Getpid()) }

// message is what one process of the service said by sd_notify(3).
type message struct {
	// pid is the sender's, as capmon knows it.
	pid    int
	fields map[string]string
}

// listener receives messages.
type listener struct {
	conn *net.UnixConn
	// name is the socket's path for the service, dir its directory for capmon.
	name, dir string
	messages  chan message
	closing   sync.Once
}

// listenFor makes the socket in the file system at root. Everyone may send.
func listenFor(root string) (*listener, error) {
	l := &listener{name: notifyName(), messages: make(chan message, 64)}
	l.dir = root + filepath.Dir(l.name)
	if err := os.Mkdir(l.dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("make notification socket: %w", err)
	}
	path := root + l.name
	_ = os.Remove(path)
	var err error
	if l.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"}); err != nil {
		return nil, fmt.Errorf("make notification socket: %w", err)
	}
	if err := errors.Join(os.Chmod(l.dir, 0o755), os.Chmod(path, 0o777), l.passCredentials()); err != nil {
		l.close()
		return nil, fmt.Errorf("make notification socket: %w", err)
	}
	go l.receive()
	return l, nil
}

func (l *listener) passCredentials() error {
	raw, err := l.conn.SyscallConn()
	if err != nil {
		return err
	}
	control := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1) })
	return errors.Join(control, err)
}

// receive passes on what comes, until the socket is closed.
func (l *listener) receive() {
	defer close(l.messages)
	text, control := make([]byte, 1<<16), make([]byte, 1<<10)
	for {
		n, oob, _, _, err := l.conn.ReadMsgUnix(text, control)
		if err != nil {
			return
		}
		pid := senderOf(control[:oob])
		l.messages <- message{pid, parseFields(string(text[:n]))}
	}
}

// senderOf returns the pid of the credentials, and closes the descriptors that
// came along, as for FDSTORE=1.
func senderOf(control []byte) (pid int) {
	parts, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0
	}
	for _, part := range parts {
		if fds, err := unix.ParseUnixRights(&part); err == nil {
			for _, fd := range fds {
				unix.Close(fd)
			}
		}
		if credentials, err := unix.ParseUnixCredentials(&part); err == nil {
			pid = int(credentials.Pid)
		}
	}
	return pid
}

func parseFields(text string) map[string]string {
	fields := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		if key, value, ok := strings.Cut(line, "="); ok {
			fields[key] = value
		}
	}
	return fields
}

func (l *listener) close() {
	if l == nil {
		return
	}
	l.closing.Do(func() {
		l.conn.Close()
		_ = os.RemoveAll(l.dir)
	})
}

// innerPID is the process's id in its own pid namespace, by which a service in
// a sandbox calls it; 0 if it is gone.
func innerPID(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if list, ok := strings.CutPrefix(line, "NSpid:"); ok {
			fields := strings.Fields(list)
			inner, _ := strconv.Atoi(fields[len(fields)-1])
			return inner
		}
	}
	return pid
}
