package backend

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// seeDoctor is where there is more to learn.
const seeDoctor = "capmon doctor says what would help"

// minFiles is how many open files a tracer takes, and some to spare.
const minFiles = 64

// obstacle says what keeps every backend from working, "" if nothing is known
// to.
func obstacle() string {
	if _, err := os.Stat("/proc/self"); errors.Is(err, fs.ErrNotExist) {
		return "there is no /proc: mount -t proc proc /proc"
	}
	if self, err := os.Readlink("/proc/self"); err == nil && self != strconv.Itoa(os.Getpid()) {
		// Every id that is read there means another process.
		return "/proc shows another pid namespace: mount one for this namespace (mount -t proc proc /proc, or unshare --mount-proc)"
	}
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		return "the kernel has no BTF (/sys/kernel/btf/vmlinux): mount /sys, or use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as distributions do since 2020; " + seeDoctor
	}
	return fewFiles(minFiles)
}

// EnoughFiles returns an UnsupportedError if fewer files may be open than a
// tracer takes and so many more.
func EnoughFiles(more int) error {
	if hint := fewFiles(minFiles + uint64(more)); hint != "" {
		return &UnsupportedError{Hint: hint}
	}
	return nil
}

// fewFiles says that fewer files may be open, "" if so many may.
func fewFiles(enough uint64) string {
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil || files.Cur >= enough {
		return ""
	}
	return fmt.Sprintf("only %d open files are allowed: raise the limit to %d or more (ulimit -n)", files.Cur, enough)
}
