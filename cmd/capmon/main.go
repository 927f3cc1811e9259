// Command capmon finds out which Linux capabilities a command really needs.
package main

import (
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
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
