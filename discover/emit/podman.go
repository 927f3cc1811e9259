package emit

import (
	"fmt"

	"al.essio.dev/pkg/shellescape"

	"github.com/capmon/capmon/discover/controller"
)

// podman writes the options of `podman run`, which makes what --cap-add names
// ambient for a user that is not root (podman-run(1), "--cap-add").
func podman(r controller.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	image := p.image(r)
	words := append([]string{"podman", "run"}, capFlags(r.Capabilities)...)
	words = append(append(words, noNewPrivs(r)...), image...)
	fmt.Fprintln(&p, shellescape.QuoteCommand(words))
	return p.Bytes()
}
