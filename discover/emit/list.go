package emit

import (
	"fmt"
	"strings"

	"github.com/capmon/capmon/discover/controller"
)

// list writes nothing but the names; only a set that is not known is said in a
// comment.
func list(r controller.Report) []byte {
	var p page
	if !found(r) && !p.header(r) {
		return p.Bytes()
	}
	fmt.Fprintln(&p, strings.Join(r.Capabilities.Names(), ","))
	return p.Bytes()
}

// flags writes nothing but options.
func flags(r controller.Report) []byte {
	var p page
	if !found(r) && !p.header(r) {
		return p.Bytes()
	}
	fmt.Fprintln(&p, strings.Join(capFlags(r.Capabilities), " "))
	return p.Bytes()
}

// found says whether there is a set to write down.
func found(r controller.Report) bool {
	return (r.Verdict == controller.Minimal || r.Verdict == controller.Sufficient) && narrowed(r)
}
