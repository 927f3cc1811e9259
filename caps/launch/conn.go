package launch

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/sandbox"
)

// messageKind tells messages apart.
type messageKind uint8

const (
	// From capmon to the keeper. EOF in place of a message means that
	// capmon has ended.
	launchRequest   messageKind = iota + 1 // Spec, with three descriptors
	goRequest                              // the tracer is armed: fork
	abortRequest                           // it is not: do not
	releaseRequest                         // exit, and leave what runs alone
	signalRequest                          // Number is a signal for a detached command
	keptRequest                            // say when the keeper has ended
	bequeathRequest                        // Spec is to be run for Limit at most if capmon dies, none without a Path

	// From the keeper to capmon.
	helloReply   // Grantable and ReadOnly: the keeper is ready
	armReply     // Number is the thread that waits to fork
	startedReply // Number is the command's pid, Path what was executed
	failedReply  // Failure; no process is left
	exitedReply  // Exit; if Alone no idleReply follows
	idleReply    // no descendant is left

	// From the warden to capmon.
	keeperGoneReply // the keeper has ended, and its children are the warden's
)

// message is what goes over the socket, either way. It is encoded by gob and
// not by JSON because arguments and environment are bytes, not text.
type message struct {
	Kind      messageKind
	Spec      wireSpec
	Number    int
	Limit     time.Duration
	Path      string
	Failure   failure
	Exit      wireExit
	Grantable caps.Set
	ReadOnly  []sandbox.ReadOnly
}

// wireSpec is a Spec without descriptors, and without pointers, since gob
// does not tell a pointer to zero from nil.
type wireSpec struct {
	Path, Dir  string
	Args, Env  []string
	SetID      bool
	UID, GID   uint32
	Groups     []uint32
	SetGrant   bool
	Grant      caps.Set
	NoNewPrivs bool
	OwnKeyring bool
	Detached   bool
	Bequeathed bool
	Witness    bool
	Programs   []string
	Reserved   int
}

type wireExit struct {
	Status   uint32
	Duration time.Duration
	Alone    bool
}

// failure is one of the package's errors, or any other, of which only Text is kept.
type failure struct {
	Exec        bool
	Interpreter bool
	Path        string
	Ungrantable caps.Set
	Step        string
	Errno       syscall.Errno
	Text        string
}

// conn is one end of the socket between capmon and the keeper. One goroutine
// may receive while others send.
type conn struct {
	file *os.File
	raw  syscall.RawConn
	dec  *gob.Decoder
	// received are descriptors that came with what dec has read.
	received []int

	mu      sync.Mutex
	enc     *gob.Encoder
	passing []int // descriptors that go with the next bytes written
}

// newConn takes over fd, a connected Unix stream socket.
func newConn(fd int) (*conn, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("set up socket: %w", err)
	}
	unix.CloseOnExec(fd)
	c := &conn{file: os.NewFile(uintptr(fd), "keeper socket")}
	raw, err := c.file.SyscallConn()
	if err != nil {
		c.file.Close()
		return nil, fmt.Errorf("set up socket: %w", err)
	}
	c.raw = raw
	c.enc = gob.NewEncoder(socketWriter{c})
	c.dec = gob.NewDecoder(socketReader{c})
	return c, nil
}

// send sends m, and with it the descriptors, which stay open here.
func (c *conn) send(m message, fds ...int) error {
	if c == nil {
		return nil // nobody listens
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passing = fds
	// This fails only for a descriptor without deadlines.
	_ = c.file.SetWriteDeadline(time.Now().Add(sendLimit))
	if err := c.enc.Encode(m); err != nil {
		return fmt.Errorf("send to keeper socket: %w", err)
	}
	return nil
}

// receive waits for the next message.
func (c *conn) receive() (message, error) {
	var m message
	if err := c.dec.Decode(&m); err != nil {
		return message{}, fmt.Errorf("receive from keeper socket: %w", err)
	}
	return m, nil
}

// receiveWithin is receive with a time limit.
func (c *conn) receiveWithin(limit time.Duration) (message, error) {
	if err := c.file.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return message{}, fmt.Errorf("receive from keeper socket: %w", err)
	}
	defer c.file.SetReadDeadline(time.Time{})
	return c.receive()
}

// takeFiles returns n descriptors that came with messages received so far, in
// the order in which they were sent.
func (c *conn) takeFiles(n int) ([]int, error) {
	if len(c.received) < n {
		return nil, fmt.Errorf("receive descriptors: %d came, %d expected", len(c.received), n)
	}
	fds := c.received[:n:n]
	c.received = c.received[n:]
	return fds, nil
}

func (c *conn) close() error { return c.file.Close() }

// shutdown tells the other end that nothing more comes; what it sends still
// arrives.
func (c *conn) shutdown() error {
	var errno error
	err := c.raw.Control(func(fd uintptr) { errno = unix.Shutdown(int(fd), unix.SHUT_WR) })
	return errors.Join(err, errno)
}

type socketWriter struct{ c *conn }

func (w socketWriter) Write(p []byte) (int, error) {
	c, written := w.c, 0
	for written < len(p) {
		var rights []byte
		if len(c.passing) > 0 {
			rights = unix.UnixRights(c.passing...)
		}
		var n int
		var errno error
		err := c.raw.Write(func(fd uintptr) bool {
			n, errno = unix.SendmsgN(int(fd), p[written:], rights, nil, unix.MSG_NOSIGNAL)
			return errno != unix.EAGAIN
		})
		if err == nil {
			err = errno
		}
		if err != nil {
			return written, err
		}
		c.passing = nil
		written += n
	}
	return written, nil
}

type socketReader struct{ c *conn }

func (r socketReader) Read(p []byte) (int, error) {
	// Room for more than the three descriptors of a launch: the kernel
	// closes what does not fit.
	control := make([]byte, unix.CmsgSpace(16*4))
	var n, controlled int
	var errno error
	err := r.c.raw.Read(func(fd uintptr) bool {
		n, controlled, _, _, errno = unix.Recvmsg(int(fd), p, control, unix.MSG_CMSG_CLOEXEC)
		return errno != unix.EAGAIN
	})
	if err == nil {
		err = errno
	}
	if err != nil {
		return 0, err
	}
	if err := r.c.keepRights(control[:controlled]); err != nil {
		return 0, err
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (c *conn) keepRights(control []byte) error {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return err
	}
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return err
		}
		c.received = append(c.received, fds...)
	}
	return nil
}
