package sender

import (
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/bpf"
	"github.com/capmon/capmon/internal/testenv"
)

// A signal is known by the process that sent it; the latest counts.
func TestSender(t *testing.T) {
	testenv.NeedRoot(t, "loading eBPF programs")
	senders, err := Watch(bpf.ReadTypes())
	testenv.Must(t, err)
	t.Cleanup(func() { testenv.Must(t, senders.Close()) })
	came := make(chan os.Signal, 1)
	signal.Notify(came, unix.SIGUSR1)
	t.Cleanup(func() { signal.Stop(came) })
	if by, known := senders.Of(unix.SIGUSR1); known {
		t.Errorf("sent by %+v before it was sent", by)
	}
	for range 2 {
		kill := exec.Command("sh", "-c", "kill -USR1 "+strconv.Itoa(os.Getpid()))
		testenv.Must(t, kill.Run())
		<-came
		if by, known := senders.Of(unix.SIGUSR1); !known || by != (Process{PID: kill.Process.Pid, Comm: "sh"}) {
			t.Errorf("sent by %+v, %v; it was sh (%d)", by, known, kill.Process.Pid)
		}
	}
	if by, known := senders.Of(unix.SIGUSR2); known {
		t.Errorf("another signal was sent by %+v", by)
	}
}
