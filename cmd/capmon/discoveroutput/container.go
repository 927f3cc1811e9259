package discoveroutput

import (
	"fmt"
	"strings"

	"github.com/capmon/capmon/discover"
)

// writeContainer compares what a container needs with what it has today, and
// says which way the set reaches it.
func (t Result) writeContainer(b *strings.Builder, r discover.Report) {
	c := r.Container
	if c == nil {
		return
	}
	if c.Engine == "" {
		t.line(b, "today: ", fmt.Sprintf("uid %d with %d granted, %d needed", r.User.UID, r.Held().Len(), r.Capabilities.Len()))
	} else {
		t.line(b, "today: ", fmt.Sprintf("uid %d, %d granted by default, %d needed", r.User.UID, c.Default.Len(), r.Capabilities.Len()))
	}
	t.writeDifference(b, r)
	if r.User.UID != 0 && r.Capabilities != 0 {
		t.line(b, "note: ", reaches(r))
	}
	if c.UserNamespace {
		t.line(b, "note: ", "the container has a user namespace of its own: the set counts inside it, and outside the container needs nothing")
	}
}

// reaches says which way a set reaches a user that is not root.
func reaches(r discover.Report) string {
	c := r.Container
	switch {
	case c.Engine == "":
		return "a container's user other than root has what the ambient set has; a bounding set alone gives it nothing"
	case c.FileCapabilities != "":
		return fmt.Sprintf("docker gives uid %d nothing by --cap-add alone, since it makes nothing ambient; with these as file capabilities of %s in the image it succeeds "+
			"(not under no-new-privileges, which switches them off)", r.User.UID, c.FileCapabilities)
	case !c.Ambient:
		return fmt.Sprintf("docker gives uid %d nothing by --cap-add alone; it has these by set-user-ID or file capabilities in the image, which no-new-privileges would switch off", r.User.UID)
	case c.NoNewPrivileges:
		return fmt.Sprintf("podman makes what --cap-add names ambient for uid %d; docker does not, and under no-new-privileges file capabilities in the image would be of no use", r.User.UID)
	}
	return fmt.Sprintf("podman makes what --cap-add names ambient for uid %d; docker does not, and takes file capabilities in the image as well (--emit dockerfile)", r.User.UID)
}

// writeUngranted says of a container for which nothing was found what its engine
// cannot grant.
func (t Result) writeUngranted(b *strings.Builder, r discover.Report) {
	c := r.Container
	if c == nil || c.Engine == "" || c.Ambient || r.User.UID == 0 {
		return
	}
	text := fmt.Sprintf("docker gives uid %d nothing of what it grants, since it makes nothing ambient: podman does (--podman)", r.User.UID)
	if c.NoNewPrivileges {
		text += ", and file capabilities in the image are of no use under no-new-privileges"
	}
	t.line(b, "note: ", text)
}
