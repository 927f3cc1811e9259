package follow

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/trace/backend"
)

// Which argument of a system call is a path, counted from 0: section 2 of the
// manual. symlinkat(2), whose third it is, is not among them.
var pathArgument = map[string]int{
	"open": 0, "creat": 0, "execve": 0, "access": 0, "stat": 0, "lstat": 0, "statfs": 0, "readlink": 0,
	"chdir": 0, "chroot": 0, "chmod": 0, "chown": 0, "lchown": 0, "mkdir": 0, "rmdir": 0, "unlink": 0,
	"rename": 0, "link": 0, "mknod": 0, "truncate": 0, "utime": 0, "utimes": 0, "umount2": 0, "pivot_root": 0,
	"acct": 0, "swapon": 0, "swapoff": 0, "setxattr": 0, "lsetxattr": 0, "getxattr": 0, "lgetxattr": 0,
	"removexattr": 0, "lremovexattr": 0, "inotify_add_watch": 1, "symlink": 1, "mount": 1,
	"openat": 1, "openat2": 1, "execveat": 1, "faccessat": 1, "faccessat2": 1, "newfstatat": 1, "statx": 1,
	"readlinkat": 1, "fchmodat": 1, "fchmodat2": 1, "fchownat": 1, "mkdirat": 1, "unlinkat": 1, "renameat": 1,
	"renameat2": 1, "linkat": 1, "mknodat": 1, "utimensat": 1, "name_to_handle_at": 1, "open_tree": 1, "fspick": 1,
}

// argument is what the system call of that name was about, as far as its
// arguments say; else "".
func argument(syscall string, a bpf.CommandArguments) string {
	if i, ok := pathArgument[syscall]; ok {
		text := backend.Text(a.Text[i][:])
		if len(text) == len(a.Text[i])-1 {
			text += "..."
		}
		return text
	}
	switch syscall {
	case "bind", "connect":
		return socketAddress(a.Address[:])
	case "kill", "tgkill", "pidfd_open", "ptrace", "process_vm_readv", "process_vm_writev", "kcmp":
		process := a.Value[0]
		if syscall == "ptrace" {
			process = a.Value[1] // after the request
		}
		return "process " + strconv.Itoa(int(int32(process)))
	}
	return ""
}

// socketAddress reads a struct sockaddr: ip(7), ipv6(7), unix(7).
func socketAddress(raw []byte) string {
	port := binary.BigEndian.Uint16(raw[2:])
	switch family := binary.NativeEndian.Uint16(raw); family {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(raw[4:8])), port).String()
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(raw[8:24])), port).String()
	case unix.AF_NETLINK:
		return "netlink"
	case unix.AF_PACKET:
		return "packet socket"
	case unix.AF_UNIX:
		// The rest of a longer one was not read.
		path, _, whole := bytes.Cut(raw[2:], []byte{0})
		if len(path) > 0 && whole {
			return string(path)
		}
	default:
		if family != 0 {
			return fmt.Sprintf("address family %d", family)
		}
	}
	return ""
}

// takeArguments removes from the kernel's map what was noted of r.
func (r *Recording) takeArguments() (map[bpf.CommandCheckKey]bpf.CommandArguments, error) {
	entries, err := backend.Take[bpf.CommandCheckKey, bpf.CommandArguments](r.tracer.maps.CallArguments,
		func(k bpf.CommandCheckKey) bool { return k.Image.Attempt == r.attempt })
	noted := make(map[bpf.CommandCheckKey]bpf.CommandArguments, len(entries))
	for _, e := range entries {
		noted[e.Key] = e.Value
	}
	return noted, err
}
