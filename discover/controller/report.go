package controller

import (
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/trace"
)

// Verdict says how much is known of the set in a report.
type Verdict string

// The verdicts, from the best.
const (
	// Minimal: the command succeeds under the set, and was seen to fail
	// without any one capability of it.
	Minimal Verdict = "minimal"
	// Sufficient: the command succeeds under the set; that all of it is
	// needed could not be shown.
	Sufficient Verdict = "sufficient"
	// NotFound: no set of capabilities makes the command succeed.
	NotFound Verdict = "not found"
	// Observed: it was used by something that ran, and was not rerun. No
	// discovery ends in it.
	Observed Verdict = "observed"
)

// Schema names the version of the JSON form of Report.
const Schema = "capmon.discover/1"

// Report is what a discovery found, in the form in which it is kept and
// printed as JSON (docs/discover.schema.json).
type Report struct {
	Schema string `json:"schema"`
	// Version is that of the capmon that made the report, "" where another
	// program made it.
	Version string `json:"version"`
	// Command is the command as the user gave it: one element is run by
	// /bin/sh -c, several are run as they are.
	Command []string `json:"command"`
	// Unit is the unit whose ExecStart= Command is; nil for other commands.
	Unit *Unit `json:"unit"`
	// Container is the bundle or the image whose process Command is; nil for others.
	Container *Container `json:"container"`
	// Given is what the discovery was told besides.
	Given Given `json:"given"`
	// Directory is the working directory.
	Directory string `json:"directory"`
	// User is what the command runs as with the set; uid 0 if NeedsRoot.
	User account.Identity `json:"user"`
	// Kernel is the release, as uname -r prints it.
	Kernel  string `json:"kernel"`
	Backend string `json:"backend"`
	// Watched is what was watched, of a set that is Observed or that what was
	// seen in use was added to.
	Watched *Watched `json:"-"`

	Result
}

// Result is what Find found.
type Result struct {
	// NeedsRoot: as the user that was asked for the command failed even with
	// every capability, and it succeeded as uid 0.
	NeedsRoot bool `json:"needs_uid_0"`

	Verdict      Verdict  `json:"verdict"`
	Capabilities caps.Set `json:"capabilities"`
	// Narrow: the set is minimal, and no capability in it can be exchanged
	// for lesser ones, be it in the same refused call or by another way that
	// the command was refused.
	Narrow bool `json:"narrow"`
	// MustNot are capabilities with which the command fails: with them it may
	// do more, and therefore goes no further.
	MustNot []Exclusion `json:"must_not"`
	// Tolerated are the refusals in spite of which the command succeeded with
	// the set.
	Tolerated []trace.Check `json:"tolerated"`
	// Scenarios say which scenario needs what, of a daemon that is taken
	// through several; empty for others.
	Scenarios []ScenarioNeed `json:"scenarios"`
	// Alternatives are the minimal sets that were found, Capabilities among
	// them, the least powerful first; empty when they were not asked for.
	Alternatives []caps.Set `json:"alternatives"`
	// Unheld are capabilities that were refused in an attempt that failed,
	// and that capmon could not grant because it does not hold them.
	Unheld caps.Set `json:"unheld"`
	// Refused are all capabilities that were refused in an attempt that
	// failed, where the refusal may have mattered. With no set found, this is
	// what is known.
	Refused caps.Set `json:"refused"`
	// Reason says why the verdict is not minimal; empty otherwise.
	Reason string `json:"reason"`
	// Advice is what may lead to a better verdict.
	Advice []Advice `json:"advice"`
	// Confirmed says how the repeats of the final attempt went.
	Confirmed Confirmation `json:"confirmed"`
	// Interrupted: the discovery was ended from outside before it was done.
	Interrupted bool `json:"interrupted"`
	// Exhausted: the discovery was ended by the limit on attempts before it
	// was done.
	Exhausted bool       `json:"exhausted"`
	Evidence  []Evidence `json:"evidence"`
	Runs      []Attempt  `json:"runs"`
	// Elevated are the executables with set-user-ID, set-group-ID or file
	// capabilities that some attempt executed.
	Elevated []string `json:"elevated"`
	// Lost is how many records the tracer lost, summed over the attempts. What
	// was lost while several were made at once counts for each of them.
	Lost uint64 `json:"lost"`
}

// Evidence is why one capability is in the set.
type Evidence struct {
	Cap caps.Cap `json:"capability"`
	// FailedWithout is the number, from 1, of an attempt that failed and
	// had been granted at least the rest of the set, but not the
	// capability; 0 when there is none.
	FailedWithout int `json:"failed_without"`
	// Check is the refusal that named the capability; nil when no refusal
	// did and the capability was found by searching.
	Check *trace.Check `json:"check"`
}

// Confirmation counts the repeats of the final attempt, and of those that
// failed without one capability of the set.
type Confirmation struct {
	Runs      int `json:"runs"`
	Succeeded int `json:"succeeded"`
	// RunsWithout are the repeats without one capability.
	RunsWithout int `json:"runs_without"`
	// FailedWithout is how many of them failed, as they should.
	FailedWithout int `json:"failed_without"`
}

// Watched is something that ran while somebody watched it.
type Watched struct {
	// Target is what it is, in words: "unit nginx.service".
	Target string
	// Unit is the name of the unit; "" for something else.
	Unit string
	// Since is when the watching began, For how long it lasted.
	Since time.Time
	For   time.Duration
}
