// Command capmon finds out which Linux capabilities a command really needs.
package main

import (
	"os"

	"github.com/capmon/capmon/caps/launch"
)

func main() {
	if launch.IsKeeper() {
		launch.KeeperMain()
	}
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
