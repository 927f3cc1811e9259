package controller

import "github.com/capmon/capmon/trace"

// Refusal is the check of a failed attempt that most likely made it fail; nil
// when no refusal is plausible.
func (a Attempt) Refusal() *trace.Check {
	for _, r := range refusals(a) {
		if plausible(r) && !passedOver(a, r) {
			return &r
		}
	}
	return nil
}
