package launch

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// proc is one process as /proc/PID/stat shows it.
type proc struct {
	pid, ppid int
	comm      string
	// started is field 22, in clock ticks since boot: with the pid it names
	// a process for good, where the pid alone may be used again.
	started uint64
	// dead: all its threads have ended, and it waits for its parent. A
	// leader that ended before its threads looks like a zombie, but is none.
	dead bool
}

// readProc reads /proc/PID/stat (proc_pid_stat(5)). The error is
// fs.ErrNotExist or ESRCH when the process has gone.
func readProc(pid int) (proc, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return proc{}, err
	}
	return parseStat(stat)
}

// parseStat reads one line of /proc/PID/stat. The name in parentheses may
// hold anything, parentheses and line ends too, so the fields after it are
// counted from the last one that closes.
func parseStat(stat []byte) (proc, error) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return proc{}, fmt.Errorf("parse process status %q: no name", stat)
	}
	// Field N of the manual page is fields[N-3].
	fields := strings.Fields(string(stat[end+1:]))
	if len(fields) < 20 {
		return proc{}, fmt.Errorf("parse process status %q: too short", stat)
	}
	pid, err1 := strconv.Atoi(strings.TrimSpace(string(stat[:open])))
	ppid, err2 := strconv.Atoi(fields[1])
	threads, err3 := strconv.Atoi(fields[17])
	started, err4 := strconv.ParseUint(fields[19], 10, 64)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return proc{}, fmt.Errorf("parse process status %q: %w", stat, err)
	}
	state := fields[0]
	return proc{
		pid: pid, ppid: ppid, comm: string(stat[open+1 : end]), started: started,
		dead: state == "X" || state == "Z" && threads <= 1,
	}, nil
}

// walk visits the processes below root, parents before their children, dead
// ones among them, each as soon as it is found. What forks meanwhile may be
// missed: walk again until nothing is left.
func walk(root int, visit func(proc)) error {
	children := childrenOf
	if _, err := os.Stat("/proc/thread-self/children"); err != nil {
		// A kernel without CONFIG_PROC_CHILDREN.
		all, err := parents()
		if err != nil {
			return err
		}
		children = func(pid int) []int { return all[pid] }
	}
	seen := map[int]bool{root: true}
	for queue := children(root); len(queue) > 0; queue = queue[1:] {
		pid := queue[0]
		if seen[pid] {
			continue
		}
		seen[pid] = true
		p, err := readProc(pid)
		if err != nil {
			continue // It has gone; its children, if any, have moved up.
		}
		// Before the visit, which may kill p, and so scatter them.
		queue = append(queue, children(pid)...)
		visit(p)
	}
	return nil
}

// childrenOf lists the children of every thread of a process, none for one
// that has gone. It costs what the process has, not what the machine has.
func childrenOf(pid int) []int {
	tasks := "/proc/" + strconv.Itoa(pid) + "/task"
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return nil
	}
	var children []int
	for _, t := range threads {
		list, err := os.ReadFile(tasks + "/" + t.Name() + "/children")
		if err != nil {
			continue
		}
		for _, text := range strings.Fields(string(list)) {
			if pid, err := strconv.Atoi(text); err == nil {
				children = append(children, pid)
			}
		}
	}
	return children
}

// parents maps every process of the machine to its children.
func parents() (map[int][]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	children := make(map[int][]int)
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		p, err := readProc(pid)
		if err != nil {
			continue
		}
		children[p.ppid] = append(children[p.ppid], pid)
	}
	return children, nil
}

// gone says whether err means that the process does not exist any more.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNoProcess)
}
