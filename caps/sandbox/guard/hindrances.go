package guard

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/caps/sandbox"
)

// mostSeen is how many hindrances are kept of one sandbox.
const mostSeen = 1000

// Hindrances is what has been in the way in a sandbox so far, in the order in
// which it happened.
func (g *Guard) Hindrances(id uint32) []sandbox.Hindrance {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.read()
	return g.seen[id]
}

// read takes what the kernel has recorded.
func (g *Guard) read() {
	g.reader.SetDeadline(time.Unix(1, 0)) // Do not wait.
	for {
		record, err := g.reader.Read()
		if errors.Is(err, os.ErrDeadlineExceeded) || err != nil {
			return
		}
		if len(record.RawSample) < int(unsafe.Sizeof(bpf.SandboxHindrance{})) {
			continue
		}
		id := binary.NativeEndian.Uint32(record.RawSample)
		if h, ok := parse(record.RawSample); ok && len(g.seen[id]) < mostSeen {
			g.seen[id] = append(g.seen[id], h)
		}
	}
}

// parse reads a struct hindrance.
func parse(raw []byte) (sandbox.Hindrance, bool) {
	var r bpf.SandboxHindrance
	if _, err := binary.Decode(raw, binary.NativeEndian, &r); err != nil {
		return sandbox.Hindrance{}, false
	}
	name := syscallName(int(r.Syscall))
	h := sandbox.Hindrance{
		Errno: syscall.Errno(r.Error), Syscall: name,
		Process: text(raw[unsafe.Offsetof(r.Comm):][:len(r.Comm)]),
		Path:    text(raw[unsafe.Offsetof(r.First):][:len(r.First)]),
	}
	second := text(raw[unsafe.Offsetof(r.Second):][:len(r.Second)])
	// The path is the second argument where the first is a directory's
	// descriptor, and of the calls that take two, mount(2) names where.
	if strings.HasSuffix(name, "at") || strings.HasSuffix(name, "at2") || name == "mount" && h.Errno == unix.EROFS {
		h.Path = second
	}
	return h, true
}

// text is the beginning of b up to its first zero.
func text(b []byte) string {
	before, _, _ := bytes.Cut(b, []byte{0})
	return string(before)
}

func syscallName(number int) string {
	info, err := arch.GetInfo("")
	if err != nil {
		return ""
	}
	return info.SyscallNumbers[number]
}
