package attempt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/account"
)

// input gives every attempt the same standard input.
type input interface {
	// open returns what the next attempt, made as user, reads, and what to
	// call when the attempt has ended.
	open(user account.Identity) (*os.File, func(), error)
}

// newInput chooses by what capmon's own standard input is: a file is opened
// anew, a pipe or socket is kept and replayed, and anything else (a terminal,
// /dev/null) is the command's as well.
func newInput(stdin *os.File, warn func(error)) input {
	if stdin == nil {
		return passed{nil}
	}
	info, err := stdin.Stat()
	switch {
	case err != nil:
		return passed{nil} // closed: the command reads /dev/null
	case info.Mode().IsRegular() && isReadable(stdin):
		return reopened{stdin}
	case info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0:
		return newReplay(stdin, maxInput, warn)
	}
	return passed{stdin}
}

// isReadable says whether the descriptor was opened for reading: to open the
// file anew must not give more.
func isReadable(f *os.File) bool {
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE != unix.O_WRONLY
}

func isTerminal(f *os.File) bool {
	if f == nil {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

type passed struct{ file *os.File }

func (p passed) open(account.Identity) (*os.File, func(), error) { return p.file, func() {}, nil }

type reopened struct{ file *os.File }

func (r reopened) open(account.Identity) (*os.File, func(), error) {
	at, err := r.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, nil, fmt.Errorf("find place in standard input: %w", err)
	}
	f, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", r.file.Fd()))
	if err != nil {
		return nil, nil, fmt.Errorf("open standard input again: %w", err)
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("find place in standard input: %w", err)
	}
	return f, func() { f.Close() }, nil
}

// maxInput bounds what is kept of standard input, in bytes.
const maxInput = 1 << 30

// errLongInput is what Warn is told, once, of an input beyond maxInput.
var errLongInput = fmt.Errorf("standard input is longer than %d MiB: attempts read its beginning", maxInput>>20)

// replay keeps what was read of a stream, in a file without a name. It reads on
// only when an attempt has taken all that is known, so that an endless stream is
// not swallowed, and an attempt that does not read it does not wait for it.
type replay struct {
	source io.Reader
	spool  *os.File
	limit  int64
	warn   func(error)

	mu      sync.Mutex
	change  *sync.Cond
	known   int64 // bytes in the spool
	ended   bool
	reading bool
}

func newReplay(source io.Reader, limit int64, warn func(error)) *replay {
	r := &replay{source: source, limit: limit, warn: warn}
	r.change = sync.NewCond(&r.mu)
	return r
}

func (r *replay) open(user account.Identity) (*os.File, func(), error) {
	if r.spool == nil {
		spool, err := unnamedFile()
		if err != nil {
			return nil, nil, err
		}
		r.spool = spool
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("make pipe for the command's input: %w", err)
	}
	// As the output is: /dev/stdin is the user's own.
	if err := read.Chown(int(user.UID), int(user.GID)); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("give pipe to %s: %w", user.Name, err), read.Close(), write.Close())
	}
	f := &feeder{replay: r, to: write, done: make(chan struct{})}
	go f.run()
	return read, func() { read.Close(); f.stop() }, nil
}

// unnamedFile is a temporary file that goes with the process.
func unnamedFile() (*os.File, error) {
	fd, err := unix.Open(os.TempDir(), unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), "standard input"), nil
	}
	f, err := os.CreateTemp("", "capmon-stdin-")
	if err != nil {
		// No directory for temporary files: memory will do.
		return memoryFile("stdin")
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("keep standard input: %w", err), f.Close())
	}
	return f, nil
}

// more waits until more than n bytes are known, and returns how many are; n at
// the end, or when stopped says so.
func (r *replay) more(n int64, stopped *bool) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.known <= n && !r.ended && !*stopped {
		if !r.reading {
			r.reading = true
			go r.read()
		}
		r.change.Wait()
	}
	if *stopped {
		return n
	}
	return r.known
}

func (r *replay) read() {
	chunk := make([]byte, 64<<10)
	n, err := r.source.Read(chunk)
	r.mu.Lock()
	defer r.mu.Unlock()
	ended := err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
	if room := r.limit - r.known; int64(n) > room {
		n, ended = int(room), true
		r.warn(errLongInput)
	}
	if _, err := r.spool.WriteAt(chunk[:n], r.known); err != nil {
		n, ended = 0, true
		r.warn(fmt.Errorf("keep standard input: %w: attempts read its beginning", err))
	}
	r.known += int64(n)
	r.ended = ended
	r.reading = false
	r.change.Broadcast()
}

// feeder writes one attempt's input.
type feeder struct {
	replay  *replay
	to      *os.File
	stopped bool // guarded by replay.mu
	done    chan struct{}
}

func (f *feeder) run() {
	defer close(f.done)
	defer f.to.Close()
	for at := int64(0); ; {
		known := f.replay.more(at, &f.stopped)
		if known == at {
			return
		}
		n, err := io.Copy(f.to, io.NewSectionReader(f.replay.spool, at, known-at))
		at += n
		if err != nil || n == 0 {
			return // nobody reads any more
		}
	}
}

func (f *feeder) stop() {
	f.replay.mu.Lock()
	f.stopped = true
	f.replay.change.Broadcast()
	f.replay.mu.Unlock()
	f.to.Close()
	<-f.done
}
