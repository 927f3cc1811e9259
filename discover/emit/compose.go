package emit

import (
	"fmt"

	"github.com/capmon/capmon/discover/controller"
)

type composeFile struct {
	Services map[string]composeService `yaml:"services"`
}

// composeService has the keys of a service in the Compose specification.
type composeService struct {
	Image       string   `yaml:"image"`
	User        string   `yaml:"user"`
	CapDrop     []string `yaml:"cap_drop"`
	CapAdd      []string `yaml:"cap_add,omitempty"`
	SecurityOpt []string `yaml:"security_opt,omitempty"`
}

func compose(r controller.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	p.comment("NAME and IMAGE are yours to fill in.")
	service := composeService{
		Image: "IMAGE", User: fmt.Sprintf("%d:%d", r.User.UID, r.User.GID),
		CapDrop: []string{"ALL"}, CapAdd: shortNames(r.Capabilities),
	}
	if needsAmbient(r) {
		p.fileCapabilities(r, "Docker")
	} else {
		service.SecurityOpt = []string{"no-new-privileges:true"}
	}
	p.portNote(r, "Docker")
	p.yaml(composeFile{map[string]composeService{"NAME": service}})
	return p.Bytes()
}
