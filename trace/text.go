package trace

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/cilium/ebpf"

	"github.com/capmon/capmon/bpf"
)

// text is the string in a C array.
func text(chars []int8) string {
	b := make([]byte, len(chars))
	for i, c := range chars {
		b[i] = byte(c)
	}
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}

// exePath joins the names that the kernel side collected, from the file up to
// the root. What is too deep or too long begins with "...".
func exePath(exe bpf.CommandExe) string {
	if exe.Length == 0 {
		return ""
	}
	raw := make([]byte, min(int(exe.Length), len(exe.Names)))
	for i := range raw {
		raw[i] = byte(exe.Names[i])
	}
	names := strings.Split(strings.TrimSuffix(string(raw), "\x00"), "\x00")
	slices.Reverse(names)
	path := "/" + strings.Join(names, "/")
	if exe.Truncated != 0 {
		path = "..." + path
	}
	return path
}

func isMissing(err error) bool { return errors.Is(err, ebpf.ErrKeyNotExist) }
