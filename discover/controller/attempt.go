// Package controller finds the smallest set of capabilities with which a
// command succeeds. It knows nothing of kernels and processes: it sees
// attempts, and says which grant to try next.
//
// To discover what a real command needs, use package discover.
//
//	result, err := controller.Find(ctx, attempter, controller.Options{
//		Grantable: caps.NewSet(caps.Chown, caps.SysChroot),
//	})
package controller

import (
	"context"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

// Attempter runs the command once. An error means that the attempt could not
// be made at all; a command that fails is no error.
type Attempter interface {
	Attempt(context.Context, Request) (Attempt, error)
}

// Request says under what an attempt is to be made.
type Request struct {
	Grant caps.Set
	// UID0: as uid 0, without the power of being uid 0, instead of the user
	// that was asked for. It is asked for only where
	// Options.UID0 allows it.
	UID0 bool
}

// Attempt is one run of the command under one grant.
type Attempt struct {
	// Granted is the grant: inheritable and ambient, and so permitted and
	// effective after exec (capabilities(7)).
	Granted caps.Set `json:"granted"`
	// UID0: it was made as uid 0 in the place of the user.
	UID0 bool `json:"uid_0"`
	// Success: the command ended as it should, and the check agreed.
	Success bool `json:"success"`
	// Exit is the exit status, as env(1) and timeout(1) give it: 128+N after
	// signal N, 127 when the command was not found, 126 when it could not be
	// executed, 124 when the attempt took too long. 0 of an attempt that is
	// ended when a daemon is ready.
	Exit int `json:"exit"`
	// Outcome says in words how it ended: "exit 2", "killed by SIGSEGV",
	// "timed out after 1m0s", "check failed: exit 1".
	Outcome string `json:"outcome"`
	// Scenario is the one that failed, and Passed are those that went well, of
	// a daemon that is taken through several.
	Scenario Scenario   `json:"scenario"`
	Passed   []Scenario `json:"passed"`
	// Duration of the command alone.
	Duration time.Duration `json:"-"`
	// Failed is the process in which the failure began; nil if the command
	// succeeded, or was ended, or this is not known.
	Failed *trace.Process `json:"failed"`
	// Checks are in the order in which they were first made.
	Checks []trace.Check `json:"checks"`
	// Output is the end of what the command printed.
	Output string `json:"output"`
	// Lost is how many records the tracer could not keep.
	Lost uint64 `json:"lost"`
	// Hindrances are what a sandbox prevented, in order.
	Hindrances []Hindrance `json:"hindrances"`
	// Elevated are executables with set-user-ID, set-group-ID or file
	// capabilities that were executed and, under no_new_privs, lent nothing.
	Elevated []string `json:"elevated"`
}
