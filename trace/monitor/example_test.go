package monitor_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace/monitor"
)

// Only the children of this process are watched here, until they have ended.
func ExampleMonitor_Run() {
	m, err := monitor.Open(monitor.Config{Filter: monitor.Filter{
		Trees: []int{os.Getpid()},
		Caps:  caps.NewSet(caps.SysChroot),
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer m.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		if err := exec.Command("chroot", "/", "true").Run(); err != nil {
			log.Print(err)
		}
	}()
	err = m.Run(ctx, func(events []monitor.Event) error {
		for _, e := range events {
			c := e.Check
			fmt.Println(c.Process.Comm, c.Verdict, c.Cap, c.Syscall)
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: chroot PASS CAP_SYS_CHROOT chroot
}
