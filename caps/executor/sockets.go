package executor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// firstPassed is SD_LISTEN_FDS_START.
const firstPassed = 3

// listen makes the sockets, with the descriptors at which the service expects
// them.
func (p Plan) listen() error {
	if len(p.Sockets) == 0 {
		return nil
	}
	var files []*os.File
	for _, s := range p.Sockets {
		f, err := s.open()
		if err != nil {
			return at(exitFDs, err, "listen on %s", s.Address)
		}
		files = append(files, f)
	}
	for i, f := range files {
		// Fd makes it blocking, as the service expects it.
		if err := unix.Dup3(int(f.Fd()), firstPassed+i, 0); err != nil {
			return at(exitFDs, err, "pass socket")
		}
	}
	return nil
}

// reserved checks that the descriptors that the sockets are to have are not
// Go's own.
func (p Plan) reserved() error {
	for i := range p.Sockets {
		fd := firstPassed + i
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err == nil && flags&unix.FD_CLOEXEC != 0 {
			err = unix.EBUSY
		}
		if err != nil {
			return at(exitFDs, err, "put a socket in the place of descriptor %d", fd)
		}
	}
	return nil
}

// listenEnviron is what sd_listen_fds(3) reads.
func listenEnviron(sockets []Socket) []string {
	var names []string
	for _, s := range sockets {
		names = append(names, s.Name)
	}
	return []string{
		fmt.Sprintf("LISTEN_PID=%d", os.Getpid()),
		fmt.Sprintf("LISTEN_FDS=%d", len(sockets)),
		"LISTEN_FDNAMES=" + strings.Join(names, ":"),
	}
}

func (s Socket) open() (*os.File, error) {
	if strings.HasPrefix(s.Network, "unix") && !strings.HasPrefix(s.Address, "@") {
		return s.openPath()
	}
	config := net.ListenConfig{Control: s.prepare}
	network := s.Network
	switch {
	case strings.HasPrefix(network, "unix"):
	case strings.HasPrefix(s.Address, "["):
		network += "6"
	default:
		network += "4" // else 0.0.0.0 would be both
	}
	if s.Network == "udp" || s.Network == "unixgram" {
		c, err := config.ListenPacket(context.Background(), network, s.Address)
		if err != nil {
			return nil, socketCause(err)
		}
		return c.(interface{ File() (*os.File, error) }).File()
	}
	l, err := config.Listen(context.Background(), network, s.Address)
	if err != nil {
		return nil, socketCause(err)
	}
	return l.(interface{ File() (*os.File, error) }).File()
}

// openPath listens on a path, which an earlier attempt may have left. Go's
// listener would remove it when it is closed.
func (s Socket) openPath() (*os.File, error) {
	kind := map[string]int{"unix": unix.SOCK_STREAM, "unixgram": unix.SOCK_DGRAM, "unixpacket": unix.SOCK_SEQPACKET}[s.Network]
	fd, err := unix.Socket(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), s.Address)
	if err := os.MkdirAll(filepath.Dir(s.Address), 0o755); err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if unix.Lstat(s.Address, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFSOCK {
		_ = unix.Unlink(s.Address)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: s.Address}); err != nil {
		return nil, err
	}
	if err := errors.Join(unix.Chmod(s.Address, s.Mode), unix.Chown(s.Address, int(s.UID), int(s.GID))); err != nil {
		return nil, err
	}
	if s.Network == "unixgram" {
		return f, nil
	}
	return f, unix.Listen(fd, s.Backlog)
}

func (s Socket) prepare(_, _ string, raw syscall.RawConn) error {
	var err error
	control := raw.Control(func(fd uintptr) {
		if err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil || !strings.HasPrefix(s.Address, "[") {
			return
		}
		only := 0
		if s.Only6 {
			only = 1
		}
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only)
	})
	return errors.Join(control, err)
}

// socketCause is what the kernel said.
func socketCause(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}
