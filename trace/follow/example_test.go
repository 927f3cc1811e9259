package follow_test

import (
	"fmt"
	"log"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace/follow"
)

// A child of this process is followed here. Package launch starts commands
// under another user or other capabilities.
func ExampleTracer_Arm() {
	tracer, err := follow.Open("")
	if err != nil {
		log.Fatal(err)
	}
	defer tracer.Close()

	runtime.LockOSThread() // so that the armed thread is the one that forks
	defer runtime.UnlockOSThread()
	recording, err := tracer.Arm(unix.Gettid())
	if err != nil {
		log.Fatal(err)
	}
	if err := exec.Command("chroot", "/", "true").Run(); err != nil {
		log.Fatal(err)
	}
	if err := recording.Disarm(); err != nil {
		log.Fatal(err)
	}
	seen, err := recording.Collect()
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range seen.Checks {
		if c.Cap == caps.SysChroot {
			fmt.Println(c.Process.Comm, c.Verdict, c.Cap, c.Syscall)
		}
	}
	// Output: chroot PASS CAP_SYS_CHROOT chroot
}
