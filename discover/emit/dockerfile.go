package emit

import (
	"fmt"

	"al.essio.dev/pkg/shellescape"

	"github.com/capmon/capmon/discover/controller"
)

// dockerfile writes the lines that set file capabilities while an image is
// built, and the user to run as.
func dockerfile(r controller.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	if r.Capabilities == 0 {
		p.comment("There is nothing to set.")
	}
	where := "The paths are those of this machine."
	if r.Container != nil && r.Container.Image != "" {
		where = "The paths are those of the image."
	}
	p.comment("The builder's image needs setcap (Debian: libcap2-bin; Alpine: libcap). %s", where)
	p.comment("To the container these capabilities have to be granted as well (--emit flags), and no_new_privs must be off.")
	files, unnamed := refused(r)
	if c := r.Container; c != nil && c.FileCapabilities != "" && r.Capabilities != 0 {
		// As it was tried.
		files, unnamed = []executable{{path: c.FileCapabilities, caps: r.Capabilities}}, 0
	}
	for _, f := range files {
		switch kind := interpreter(f.path); {
		case kind != "":
			p.comment("No line for %s (needs %s): it is %s, with which any user could use them for anything; use --emit podman or --emit oci.", shown(f.path), f.caps, kind)
		case !plain(f.path):
			p.comment("No line for %s (needs %s): its path cannot be written on one line.", shown(f.path), f.caps)
		default:
			if dropsUninherited(r, f.path) {
				p.comment("NOTE: %s gives up its capabilities (capset) unless they are inherited: use --emit podman or --emit oci.", f.path)
			}
			// Not the JSON form: setcap is looked for in PATH either way.
			fmt.Fprintf(&p, "RUN setcap %s=ep %s\n", f.caps, shellescape.Quote(f.path))
		}
	}
	if unnamed != 0 {
		p.comment("%s found by searching: no refusal names the executable, so file capabilities may not be enough; use --emit podman or --emit oci.", unnamed)
	}
	fmt.Fprintf(&p, "USER %d:%d\n", r.User.UID, r.User.GID)
	return p.Bytes()
}
