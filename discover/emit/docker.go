package emit

import (
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover"
)

// docker writes the options of `docker run` and `podman run` for a container
// that runs the command. IMAGE is left to fill in.
func docker(r discover.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	p.comment("IMAGE is the image to run; podman takes the same options.")
	root := r.User.UID == 0 || r.Capabilities == 0
	if !root {
		// Granted to the container, capabilities are in the bounding set and
		// the permitted set of uid 0 alone: capabilities(7), "Transformation
		// of capabilities during execve".
		p.comment("In a container a process that is not root gets nothing from --cap-add alone. So it starts as root, and")
		p.comment("setpriv (util-linux), which the image must have, hands the capabilities on and gives up the three that it needs for that.")
	}
	command := dockerCommand(r, root)
	if !printable(command) {
		p.comment("The command cannot be written on one line: COMMAND stands for it.")
		command = strings.ReplaceAll(dockerPrefix(r, root)+"COMMAND", "\n", " ")
	}
	fmt.Fprintln(&p, command)
	return p.Bytes()
}

func dockerCommand(r discover.Report, root bool) string {
	if root {
		return dockerPrefix(r, root) + commandLine(r)
	}
	return dockerPrefix(r, root) + setpriv(r)
}

func dockerPrefix(r discover.Report, root bool) string {
	granted := r.Capabilities
	if !root {
		granted |= caps.NewSet(caps.SetGID, caps.SetUID, caps.SetPCap)
	}
	words := []string{"docker", "run", "--cap-drop=ALL"}
	for _, c := range granted.Members() {
		words = append(words, "--cap-add="+strings.TrimPrefix(c.String(), "CAP_"))
	}
	words = append(words, "--security-opt=no-new-privileges")
	if root {
		words = append(words, fmt.Sprintf("--user=%d:%d", r.User.UID, r.User.GID))
	}
	return shellescape.QuoteCommand(append(words, "IMAGE")) + " "
}
