package emit

import (
	"fmt"

	"al.essio.dev/pkg/shellescape"

	"github.com/capmon/capmon/discover/controller"
)

// docker writes the options of `docker run`. IMAGE is left to fill in; what it
// runs is its own business.
func docker(r controller.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	p.comment("IMAGE is an image that runs the command.")
	words := append([]string{"docker", "run"}, capFlags(r.Capabilities)...)
	if needsAmbient(r) {
		p.fileCapabilities(r, "Docker")
	} else {
		words = append(words, "--security-opt=no-new-privileges")
	}
	p.portNote(r, "Docker")
	fmt.Fprintln(&p, shellescape.QuoteCommand(append(words, userFlag(r), "IMAGE")))
	return p.Bytes()
}
