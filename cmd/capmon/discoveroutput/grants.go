package discoveroutput

import (
	"fmt"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover"
)

// grantWidth holds the longest name of a capability and what stands before it.
const grantWidth = len("+cap_checkpoint_restore")

// grants describes grants in few words, by the attempts before them.
type grants struct {
	grantable caps.Set
	last      caps.Set
	// sufficient is the last grant with which the command succeeded.
	sufficient caps.Set
}

// describe says of a grant what is more than in the last attempt ("+cap_chown"),
// or less than in the last that succeeded ("-cap_chown").
func (g grants) describe(grant caps.Set) string {
	added, taken := grant.Minus(g.last), g.sufficient.Minus(grant)
	switch {
	case grant == g.last && grant.Len() > 1:
		return "the same again"
	case grant == 0:
		return "nothing granted"
	case grant == g.grantable && grant.Len() > 3:
		return "everything granted"
	case grant.Len() == 1:
		return grant.String()
	case taken.Len() == 1 && grant.Minus(g.sufficient) == 0:
		return "-" + taken.String()
	case added.Len() == 1 && g.last.Minus(grant) == 0:
		return "+" + added.String()
	}
	return fmt.Sprintf("%d capabilities", grant.Len())
}

func (g *grants) made(a discover.Attempt) {
	g.last = a.Granted
	if a.Success {
		g.sufficient = a.Granted
	}
}
