package emit

import (
	"fmt"
	"strings"

	"github.com/capmon/capmon/discover"
)

// list writes nothing but the names; only a set that is not known is said in a
// comment.
func list(r discover.Report) []byte {
	var p page
	if !found(r) {
		p.header(r)
		return p.Bytes()
	}
	fmt.Fprintln(&p, strings.Join(r.Capabilities.Names(), ","))
	return p.Bytes()
}

// flags writes nothing but options.
func flags(r discover.Report) []byte {
	var p page
	if !found(r) {
		p.header(r)
		return p.Bytes()
	}
	fmt.Fprintln(&p, strings.Join(capFlags(r.Capabilities), " "))
	return p.Bytes()
}

// found says whether there is a set to write down.
func found(r discover.Report) bool {
	return (r.Verdict == discover.Minimal || r.Verdict == discover.Sufficient) && narrowed(r)
}
