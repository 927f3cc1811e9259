package controller

import (
	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

// noise says whether a check is made regardless of what the command needs.
func noise(c trace.Check) bool { return c.Overcommit() || idleCapset(c) }

// idleCapset says whether the check is that of a capset(2) which succeeded: it
// asks for CAP_SETPCAP whatever is to be set, and a refusal matters only where
// the call fails (cap_inh_is_capped in security/commoncap.c).
func idleCapset(c trace.Check) bool {
	return c.Syscall == "capset" && c.Cap == caps.SetPCap && c.Returned && c.Return == 0
}
