package service

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/capmon/capmon/discover/unit"
)

// RunningError says that the service runs already, so that an attempt would be
// in its way, and it in that of the attempt.
type RunningError struct {
	Name string
	// PID is the main process; 0 if there is none.
	PID int
}

func (e *RunningError) Error() string {
	if e.PID == 0 {
		return e.Name + " is active already"
	}
	return fmt.Sprintf("%s runs already (process %d)", e.Name, e.PID)
}

// Running returns a *RunningError if a process of this machine was started as
// the unit starts its main process.
func (s *Service) Running() error {
	args := s.MainCommand()
	if len(args) == 0 {
		return nil
	}
	exe, err := filepath.EvalSymlinks(s.unit.Start[0].Path)
	if err != nil {
		return nil
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return fmt.Errorf("list processes: %w", err)
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		link, err := os.Readlink("/proc/" + entry.Name() + "/exe")
		if err != nil || link != exe || !sameNamespace(entry.Name()) {
			continue
		}
		// It may call itself otherwise.
		if argv := argvOf(pid); len(argv) > 0 && slices.Equal(argv[1:], args[1:]) {
			return &RunningError{s.unit.Name.String(), pid}
		}
	}
	return nil
}

// sameNamespace says whether the process is in no container.
func sameNamespace(pid string) bool {
	own, err := os.Readlink("/proc/self/ns/pid")
	other, failed := os.Readlink("/proc/" + pid + "/ns/pid")
	return err == nil && failed == nil && own == other
}

func argvOf(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return nil
	}
	var argv []string
	for _, arg := range bytes.Split(bytes.TrimSuffix(text, []byte{0}), []byte{0}) {
		argv = append(argv, string(arg))
	}
	return argv
}

// Leftovers are the directories that a run by capmon makes for itself, and that
// a capmon that dies leaves.
func (s *Service) Leftovers() []string {
	dirs := []string{filepath.Dir(notifyName())}
	if !s.unit.RuntimePreserve {
		dirs = append(dirs, s.paths(s.unit.Directories[unit.RuntimeKind])...)
	}
	return dirs
}
