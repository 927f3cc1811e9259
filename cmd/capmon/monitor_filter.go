package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/cmd/capmon/cgroup"
	"github.com/capmon/capmon/cmd/capmon/exit"
)

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

func parsePID(text string) (int, error) {
	pid, err := strconv.ParseUint(text, 10, 31)
	if err != nil || pid == 0 {
		return 0, fmt.Errorf("%q is not a process id: give a number such as %d", text, os.Getppid())
	}
	return int(pid), checkProcess(int(pid))
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

func parseUser(name string) (uint32, error) {
	id, err := account.Lookup(name)
	if err != nil {
		return 0, fmt.Errorf("%w: give a name or a number", err)
	}
	return id.UID, nil
}

func findCgroup(path string) (string, error) {
	root, err := cgroup.Root()
	if err != nil {
		return "", err
	}
	return cgroup.Find(root, path)
}

func findContainer(id string) (string, error) {
	root, err := cgroup.Root()
	if err != nil {
		return "", err
	}
	return cgroup.FindContainer(root, id)
}

// parseSummary says whether a summary tells processes of one name apart.
func parseSummary(by string) (byPID bool, err error) {
	if by != "pid" && by != "name" {
		return false, fmt.Errorf("unknown summary %q: use pid or name", by)
	}
	return by == "pid", nil
}
