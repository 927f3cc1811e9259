// Command capmon finds out which Linux capabilities a command really needs.
package main

import (
	"fmt"
	"math"
	"os"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/launch"
)

func main() {
	launch.KeeperMain()
	// What the user's shell has left open is not for the hooks either. Before
	// Linux 5.11 they get it.
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	if outputIsLost() {
		fmt.Fprintln(os.Stderr, "capmon: standard output is closed: what is printed there is lost; -o FILE writes a file")
	}
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}

// outputIsLost says whether standard output was closed, as far as can be known:
// Go's runtime then opens /dev/null for reading and writing in its place
// (checkfds() in runtime/fds_unix.go). A shell's >/dev/null is for writing only.
func outputIsLost() bool {
	var out, null unix.Stat_t
	if unix.Fstat(1, &out) != nil || unix.Stat(os.DevNull, &null) != nil || out.Rdev != null.Rdev || out.Mode != null.Mode {
		return false
	}
	flags, err := unix.FcntlInt(1, unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR
}
