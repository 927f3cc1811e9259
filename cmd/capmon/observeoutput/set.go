package observeoutput

import (
	"strings"
	"time"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover/controller"
)

// Set is what was used, as package emit writes it. The user is that of the
// first process; unit is the name of the unit that was watched, "" for something
// else.
func Set(r Report, unit string) controller.Report {
	if unit != "" && !strings.HasSuffix(unit, ".service") {
		unit += ".service"
	}
	set := controller.Report{
		Version: r.Version, Kernel: r.Kernel, Backend: r.Backend,
		Watched: &controller.Watched{Target: r.Target, Unit: unit, Since: r.Since, For: time.Duration(r.Seconds * float64(time.Second))},
		Result:  controller.Result{Verdict: controller.Observed, Capabilities: r.Total.Used, Lost: r.Lost},
	}
	for _, p := range r.Processes {
		if p.Known {
			set.User = account.Identity{UID: p.UID, GID: p.GID}
			break
		}
	}
	return set
}
