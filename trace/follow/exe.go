package follow

import (
	"slices"
	"strings"

	"github.com/capmon/capmon/bpf"
)

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
