package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/cmd/capmon/cgroup"
	"github.com/capmon/capmon/cmd/capmon/exit"
	"github.com/capmon/capmon/trace/monitor"
)

func parseFilter(c *cli.Context) (monitor.Filter, error) {
	f := monitor.Filter{OnlyFail: c.Bool("fail"), All: c.Bool("all")}
	var err error
	if f.PIDs, err = parsePIDs("-p", c.StringSlice("p")); err != nil {
		return f, err
	}
	if f.Trees, err = parsePIDs("--tree", c.StringSlice("tree")); err != nil {
		return f, err
	}
	if f.Caps, err = parseCaps(c.StringSlice("c")); err != nil {
		return f, err
	}
	if f.UIDs, err = parseUsers(c.StringSlice("u")); err != nil {
		return f, err
	}
	f.Cgroups, err = parseCgroups(c.StringSlice("cgroup"), c.StringSlice("container"))
	return f, err
}

// parseCgroups turns --cgroup and --container into directories of the cgroup
// v2 tree.
func parseCgroups(paths, containers []string) ([]string, error) {
	if len(paths)+len(containers) == 0 {
		return nil, nil
	}
	root, err := cgroup.Root()
	if err != nil {
		return nil, exit.Usagef("--cgroup and --container: %v", err)
	}
	var dirs []string
	for _, path := range paths {
		dir, err := cgroup.Find(root, path)
		if err != nil {
			return nil, exit.Usagef("--cgroup: %v", err)
		}
		dirs = append(dirs, dir)
	}
	for _, id := range containers {
		dir, err := cgroup.FindContainer(root, id)
		if err != nil {
			return nil, exit.Usagef("--container: %v", err)
		}
		dirs = append(dirs, dir)
	}
	return dirs, checkCount("--cgroup and --container", len(dirs), monitor.MaxCgroups)
}

// parsePatterns compiles the expressions. A whole command among them is a
// mistake for another way to call capmon.
func parsePatterns(texts []string) ([]*regexp.Regexp, error) {
	var patterns []*regexp.Regexp
	for _, text := range texts {
		if text == "" {
			return nil, exit.Usagef("a pattern is empty: leave it out to see every process")
		}
		if strings.HasPrefix(text, "/") || strings.ContainsAny(text, " \t\n") {
			return nil, exit.Usagef("%q looks like a command, but monitor takes patterns for the names of processes: "+
				"to trace a command, leave monitor out; to match a blank in a name, write a dot", text)
		}
		p, err := regexp.CompilePOSIX(text)
		if err != nil {
			return nil, exit.Usagef("pattern %q: %v", text, exit.RootCause(err))
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

func parsePIDs(flag string, texts []string) ([]int, error) {
	var pids []int
	for _, text := range texts {
		pid, err := strconv.ParseUint(text, 10, 31)
		if err != nil || pid == 0 {
			return nil, exit.Usagef("%s: %q is not a process id: give a number such as %d", flag, text, os.Getppid())
		}
		if err := checkProcess(int(pid)); err != nil {
			return nil, exit.Usagef("%s: %v", flag, err)
		}
		pids = append(pids, int(pid))
	}
	return pids, checkCount(flag, len(pids), monitor.MaxIDs)
}

// checkProcess returns an error unless pid is a process that exists, and not
// one of its threads.
func checkProcess(pid int) error {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return fmt.Errorf("there is no process %d", pid)
	}
	_, rest, _ := bytes.Cut(status, []byte("\nTgid:\t"))
	leader, _, _ := bytes.Cut(rest, []byte("\n"))
	if string(leader) != strconv.Itoa(pid) {
		return fmt.Errorf("%d is a thread of process %s: give that", pid, leader)
	}
	return nil
}

func parseCaps(texts []string) (caps.Set, error) {
	var set caps.Set
	for _, text := range texts {
		c, err := caps.Parse(text)
		if err != nil {
			return 0, exit.Usagef("-c: %v", err)
		}
		set = set.With(c)
	}
	return set, nil
}

func parseUsers(names []string) ([]uint32, error) {
	var uids []uint32
	for _, name := range names {
		id, err := account.Lookup(name)
		if err != nil {
			return nil, exit.Usagef("-u: %v: give a name or a number", err)
		}
		uids = append(uids, id.UID)
	}
	return uids, checkCount("-u", len(uids), monitor.MaxIDs)
}

func checkCount(flag string, n, most int) error {
	if n > most {
		return exit.Usagef("%s: %d are too many: at most %d", flag, n, most)
	}
	return nil
}
