package controller

import (
	"fmt"
	"slices"
	"strings"
)

// Hindrance is what a sandbox was in the way of.
type Hindrance struct {
	// Text says it in words that follow "it":
	// "writes /proc/sys/vm/swappiness, which is read-only in the sandbox".
	Text string `json:"text"`
	// Device is the path of a device that, let into the sandbox, is no longer
	// missed; "" if none was missed.
	Device string `json:"device"`
}

// mostHindrances is how many of them a reason names.
const mostHindrances = 3

// hindered says what the sandbox prevented in the attempt, the latest first;
// "" if nothing.
func (a Attempt) hindered() string {
	all := a.Hindrances
	if len(all) == 0 {
		return ""
	}
	var named []string
	for i := len(all) - 1; i >= 0 && len(named) < mostHindrances; i-- {
		named = append(named, all[i].Text)
	}
	text := "it " + strings.Join(named, "; it ")
	if more := len(all) - len(named); more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text + fmt.Sprintf(" (%s)", a.Outcome)
}

// missesDevice says whether a device was missed in the attempt.
func (a Attempt) missesDevice() bool {
	return slices.ContainsFunc(a.Hindrances, func(h Hindrance) bool { return h.Device != "" })
}
