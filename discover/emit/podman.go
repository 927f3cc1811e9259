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
	p.comment("IMAGE is an image that runs the command.")
	words := append([]string{"podman", "run"}, capFlags(r.Capabilities)...)
	words = append(words, "--security-opt=no-new-privileges", userFlag(r), "IMAGE")
	fmt.Fprintln(&p, shellescape.QuoteCommand(words))
	return p.Bytes()
}
