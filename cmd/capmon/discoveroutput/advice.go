package discoveroutput

import "github.com/capmon/capmon/discover"

// adviceOptions says by which options capmon follows an advice.
var adviceOptions = map[discover.Advice]string{
	discover.MoreRuns:      "allow for more attempts by --max-runs",
	discover.CleanUp:       "give a --cleanup that undoes what an attempt leaves behind",
	discover.UseSandbox:    "try --sandbox",
	discover.LetDeviceIn:   "let it in by --sandbox-device PATH",
	discover.UseOwnNetwork: "try --sandbox=net",
}

// withAdvice is the reason of a report with what may help.
func withAdvice(r discover.Report) string {
	text := r.Reason
	joint := ": "
	for _, advice := range r.Advice {
		text += joint + adviceOptions[advice]
		joint = ", or "
	}
	return text
}
