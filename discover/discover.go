// Package discover finds the smallest set of Linux capabilities with which a
// command succeeds: everything that `capmon discover` does, for Go programs
// that run as root.
//
// The command is started by a keeper, which is the calling program executed a
// second time. So call launch.KeeperMain first in main, and in the TestMain of
// tests:
//
//	func main() {
//		launch.KeeperMain()
//		report, err := discover.Run(context.Background(), discover.Command{
//			Args: []string{"chroot / true"}, User: "nobody",
//		})
//		if err != nil {
//			log.Fatal(err)
//		}
//		fmt.Println(report.Verdict, report.Capabilities) // minimal cap_sys_chroot
//	}
//
// The command is run many times, with its hooks, on this machine: see
// WithSandbox.
package discover

import "github.com/capmon/capmon/discover/controller"

// What the controller and its callers share.
type (
	Advice       = controller.Advice
	Attempt      = controller.Attempt
	Confirmation = controller.Confirmation
	Evidence     = controller.Evidence
	Exclusion    = controller.Exclusion
	Report       = controller.Report
	Request      = controller.Request
	Result       = controller.Result
	Scenario     = controller.Scenario
	ScenarioNeed = controller.ScenarioNeed
	Unit         = controller.Unit
	Verdict      = controller.Verdict
)

// The verdicts, from the best.
const (
	Minimal    = controller.Minimal
	Sufficient = controller.Sufficient
	NotFound   = controller.NotFound
)

// The scenarios of a daemon.
const (
	Start  = controller.Start
	Serve  = controller.Serve
	Reload = controller.Reload
	Stop   = controller.Stop
)

// The advice that a report can have.
const (
	MoreRuns      = controller.MoreRuns
	CleanUp       = controller.CleanUp
	UseSandbox    = controller.UseSandbox
	LetDeviceIn   = controller.LetDeviceIn
	UseOwnNetwork = controller.UseOwnNetwork
)

// Schema names the version of the JSON form of Report.
const Schema = controller.Schema

// DefaultMaxRuns is how many attempts a discovery may take when nothing else
// is said.
const DefaultMaxRuns = controller.DefaultMaxRuns
