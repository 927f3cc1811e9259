package controller

import "github.com/capmon/capmon/trace"

// Refusal is the check of a failed attempt that most likely made it fail; nil
// when no refusal is plausible.
func (a Attempt) Refusal() *trace.Check {
	refused := refusals(a)
	if len(refused) == 0 || !plausible(refused[0]) {
		return nil
	}
	return &refused[0]
}
