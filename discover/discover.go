// Package discover finds the smallest set of capabilities with which a
// command succeeds.
package discover

import "github.com/capmon/capmon/discover/controller"

// What the controller and its callers share.
type (
	Advice       = controller.Advice
	Attempt      = controller.Attempt
	Attempter    = controller.Attempter
	Confirmation = controller.Confirmation
	Evidence     = controller.Evidence
	Options      = controller.Options
	Report       = controller.Report
	Request      = controller.Request
	Result       = controller.Result
	Verdict      = controller.Verdict
)

// The verdicts, from the best.
const (
	Minimal    = controller.Minimal
	Sufficient = controller.Sufficient
	NotFound   = controller.NotFound
)

// The advice that a report can have.
const (
	MoreRuns   = controller.MoreRuns
	CleanUp    = controller.CleanUp
	UseSandbox = controller.UseSandbox
)

// Schema names the version of the JSON form of Report.
const Schema = controller.Schema

// DefaultMaxRuns is how many attempts a discovery may take when nothing else
// is said.
const DefaultMaxRuns = controller.DefaultMaxRuns

var Find = controller.Find
