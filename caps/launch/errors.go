package launch

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/capmon/capmon/caps"
)

// ErrBusy is returned by Launch while processes of the command before still
// run: end them first, or start another keeper.
var ErrBusy = errors.New("processes of the previous command still run")

// ErrNoKeeperMain says that this program cannot be its own keeper.
var ErrNoKeeperMain = errors.New("start keeper: the program does not call launch.KeeperMain at the start of main or TestMain")

// ErrKeeperDied says that somebody killed the keeper, and the command with it.
// End and Close still end the rest.
var ErrKeeperDied = errors.New("capmon's helper process was killed")

// errNoAnswer is about a keeper that neither ended nor answered.
var errNoAnswer = errors.New("capmon's helper process does not answer")

// ExecError says that the command could not be executed.
type ExecError struct {
	// Path is what was tried, or the name for which PATH holds nothing.
	Path string
	// Interpreter: Path exists, but the interpreter that its first line or its
	// ELF header names does not.
	Interpreter bool
	// Errno is what execve(2) returned.
	Errno syscall.Errno
}

func (e *ExecError) Error() string {
	switch {
	case e.Interpreter:
		return fmt.Sprintf("execute %s: its interpreter does not exist", e.Path)
	case e.Errno == syscall.ENOENT && !strings.Contains(e.Path, "/"):
		return fmt.Sprintf("execute %s: command not found", e.Path)
	}
	return fmt.Sprintf("execute %s: %s", e.Path, e.Errno)
}

func (e *ExecError) Unwrap() error { return e.Errno }

// ExitStatus is what env(1) and timeout(1) exit with: 127 when there is no
// such command, 126 when it cannot be executed.
func (e *ExecError) ExitStatus() int {
	if e.Errno == syscall.ENOENT {
		return 127
	}
	return 126
}

// UngrantableError names capabilities of a grant that capmon cannot give
// because it does not have them itself.
type UngrantableError struct {
	Caps caps.Set
}

func (e *UngrantableError) Error() string {
	return "capmon does not hold " + strings.Join(e.Caps.Names(), ", ")
}

// SetupError says that the command was not started because the conditions
// that it was to run under could not be made.
type SetupError struct {
	// Step is what was tried, such as "change user to 65534".
	Step string
	// Err is what the kernel answered.
	Err error
}

func (e *SetupError) Error() string { return e.Step + ": " + e.Err.Error() }
func (e *SetupError) Unwrap() error { return e.Err }
