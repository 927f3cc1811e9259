package emit

import (
	"fmt"

	"al.essio.dev/pkg/shellescape"

	"github.com/capmon/capmon/discover/controller"
)

// docker writes the options of `docker run`.
func docker(r controller.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	image := p.image(r)
	words := append([]string{"docker", "run"}, capFlags(r.Capabilities)...)
	if needsAmbient(r) {
		p.fileCapabilities(r, "Docker")
	} else {
		words = append(words, noNewPrivs(r)...)
	}
	p.portNote(r, "Docker")
	fmt.Fprintln(&p, shellescape.QuoteCommand(append(words, image...)))
	return p.Bytes()
}
