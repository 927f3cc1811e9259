// Command example finds out what `chroot / true` needs. It runs as root.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/discover"
)

func main() {
	launch.KeeperMain()
	command := discover.Command{Args: []string{"chroot", "/", "true"}, User: "nobody"}
	report, err := discover.Run(context.Background(), command)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Verdict, report.Capabilities)
}
