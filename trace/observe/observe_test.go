package observe_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
	"github.com/capmon/capmon/trace/monitor"
	"github.com/capmon/capmon/trace/observe"
)

func event(pid int, c caps.Cap, verdict trace.Verdict, count uint64) monitor.Event {
	return monitor.Event{Check: trace.Check{
		Process: trace.Process{PID: pid, Comm: "daemon"}, Cap: c, Verdict: verdict, Count: count, Syscall: "bind",
		Audited: true, InitialNS: true,
	}}
}

func TestObservation(t *testing.T) {
	const gone = 1 << 30 // no process has such an id
	o := observe.New([]int{os.Getpid()})
	o.Add([]monitor.Event{
		event(gone, caps.NetBindService, trace.Pass, 2), event(gone, caps.Chown, trace.Fail, 1), event(gone, caps.NetBindService, trace.Pass, 3),
	})
	// What is not audited is no use to speak of, but not "never used" either;
	// what is held in another user namespace was not granted.
	unaudited, elsewhere := event(gone, caps.SysAdmin, trace.Pass, 1), event(gone, caps.Kill, trace.Pass, 1)
	unaudited.Check.Audited, elsewhere.Check.InitialNS = false, false
	o.Add([]monitor.Event{unaudited, elsewhere})
	list := o.Processes()
	if len(list) != 2 || list[0].PID != os.Getpid() || list[1].PID != gone {
		t.Fatalf("processes %+v", list)
	}
	if !list[0].Known || list[0].Comm == "" || list[0].Exe == "" || list[0].NeverUsed != list[0].Held {
		t.Errorf("this process: %+v", list[0])
	}
	used := []observe.Count{{Cap: caps.NetBindService, Count: 5, Syscall: "bind"}}
	if list[1].Known || !slices.Equal(list[1].Used, used) || len(list[1].Refused) != 1 {
		t.Errorf("the other: %+v", list[1])
	}
	if len(list[1].Unaudited) != 1 || list[1].Unaudited[0].Cap != caps.SysAdmin {
		t.Errorf("unaudited: %+v", list[1])
	}
	total := observe.TotalOf(list)
	if total.Used != caps.NewSet(caps.NetBindService) || total.Refused != caps.NewSet(caps.Chown) || total.NeverUsed.Has(caps.NetBindService) {
		t.Errorf("total %+v", total)
	}
	text, err := json.Marshal(observe.New([]int{os.Getpid()}).Processes())
	testenv.Must(t, err)
	if strings.Contains(string(text), "null") {
		t.Errorf("a list is null: %s", text)
	}
}

func TestTree(t *testing.T) {
	child := exec.Command("sleep", "1000")
	testenv.Must(t, child.Start())
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	tree, err := observe.Tree(os.Getpid())
	testenv.Must(t, err)
	if tree[0] != os.Getpid() || !slices.Contains(tree, child.Process.Pid) {
		t.Errorf("tree %v, want this process and %d", tree, child.Process.Pid)
	}
	if _, err := observe.Tree(1 << 30); err == nil {
		t.Error("the tree of no process")
	}
}
