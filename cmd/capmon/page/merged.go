package page

import (
	"fmt"

	"github.com/capmon/capmon/caps/meaning"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/compare"
)

// OfMerged is the page of several reports; together is the one with the set of
// all, for its forms.
func OfMerged(m compare.Merged, reports []discover.Report, names []string, together discover.Report) Page {
	b := newBudget()
	p := Page{
		Heading: fmt.Sprintf("%d reports together need %s", len(reports), orNothing(m.Capabilities)),
		State:   "proven",
		Notes:   m.Conflicts,
		Matrix:  &Matrix{},
	}
	if together.Verdict != discover.Minimal {
		p.State = "not proven"
	} else {
		p.Forms = formsOf(together)
	}
	var shown []discover.Report
	for i, r := range reports {
		if take(&b.attempts, &b.noAttempts) {
			shown = append(shown, r)
			p.Matrix.Names = append(p.Matrix.Names, names[i])
		}
	}
	for _, c := range m.Capabilities.Members() {
		row := MatrixRow{Cap: c.String()}
		for _, r := range shown {
			row.Needed = append(row.Needed, r.Capabilities.Has(c))
		}
		p.Matrix.Rows = append(p.Matrix.Rows, row)
		p.Needs = append(p.Needs, Need{Cap: c.String(), Meaning: meaning.Of(c).Allows})
	}
	if b.noAttempts > 0 {
		p.LeftOut = []string{fmt.Sprintf("%d more reports", b.noAttempts)}
	}
	return p
}
