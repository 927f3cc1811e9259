// Package launch starts a command under a grant and an identity, and answers
// for every process that comes of it.
//
// The command is not a child of capmon but of a keeper, and that is the child
// of a warden: capmon executed a second and a third time, connected by
// sockets. Both are child subreapers (prctl(2), PR_SET_CHILD_SUBREAPER), so
// whatever the command leaves behind becomes the keeper's child, and the
// warden's if it is the keeper that was killed. When capmon ends, however it
// ends, the sockets close, the keeper kills everything of the command, and the
// warden, which runs the hooks, does what was bequeathed to it. The process
// that calls StartKeeper gets the warden as its child, and no other: its own
// children are none of this package's business.
//
//	func main() {
//		launch.KeeperMain()
//		keeper, err := launch.StartKeeper()
//		...
//		defer keeper.Close()
//		process, err := keeper.Launch(ctx, launch.Spec{
//			Path: "chroot", Args: []string{"chroot", "/", "true"}, Env: os.Environ(),
//			Identity: &nobody, Grant: &grant, NoNewPrivs: true,
//		}, nil)
//		...
//		exit, err := process.Wait(ctx)
package launch

import (
	"os"
	"syscall"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
)

// Spec says what to run and as whom.
type Spec struct {
	// Path is what to execute. With a slash it is taken as it is, relative
	// to Dir; without one it is searched in the PATH of Env as execvp(3)
	// does, under the identity and the grant.
	Path string
	// Args is the argument vector, the command's own name included.
	Args []string
	// Env is the whole environment.
	Env []string
	// Dir is the working directory; "" is capmon's.
	Dir string
	// Stdin, Stdout and Stderr are the only descriptors that the command
	// gets. nil is /dev/null.
	Stdin, Stdout, Stderr *os.File
	// Reserved is how many descriptors from 3 on it gets besides, all as Stdin:
	// for a command that is to put something else there before it opens
	// anything.
	Reserved int

	// Identity is the user to run as; nil leaves capmon's.
	Identity *account.Identity
	// Grant is the capability set to run with: inheritable, ambient,
	// permitted, effective and bounding set are exactly this, and uid 0 is
	// nothing special (SECBIT_NOROOT). nil leaves the powers that the kernel
	// gives: to an Identity other than uid 0 none, to uid 0 root's, and
	// without an Identity the caller's own.
	Grant *caps.Set
	// NoNewPrivs keeps set-user-ID programs and file capabilities from
	// lending anything (prctl(2), PR_SET_NO_NEW_PRIVS).
	NoNewPrivs bool
	// OwnKeyring is for a command with an Identity: its session keyring is not
	// the caller's (session-keyring(7)), as it never is for another user, for
	// whom what the caller keeps there is not meant.
	OwnKeyring bool
	// Detached is for a command beside others: it has a process group of its
	// own, and what it leaves behind is not waited for and runs until
	// the keeper ends. Use a keeper for such commands alone.
	Detached bool
	// Bequeathed marks the Detached command that Bequeath has named: when
	// capmon dies, it is let finish and not run again.
	Bequeathed bool
	// Witness is for a command of Sandbox.Helper: it executes nothing that was
	// written in the sandbox. See sandbox.Beside.Witness.
	Witness bool
	// Programs are files and directories of programs that a Witness may
	// execute beside those of the system.
	Programs []string
}

// Exit is how a command ended.
type Exit struct {
	Status syscall.WaitStatus
	// Duration is the time from the fork to the end.
	Duration time.Duration
	// Alone: no process of the command was left when it ended.
	Alone bool
}

// Code is the exit status, or 128+N after signal N, as the shell has it.
func (e Exit) Code() int {
	if e.Status.Signaled() {
		return 128 + int(e.Status.Signal())
	}
	return e.Status.ExitStatus()
}

// Left is a process of the command that still runs.
type Left struct {
	PID  int
	Comm string
}
