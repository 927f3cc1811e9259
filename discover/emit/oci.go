package emit

import (
	"strings"

	"github.com/capmon/capmon/discover/controller"
)

// The parts of config.json of the OCI runtime specification that are written.
type (
	ociConfig struct {
		Process     *ociProcess       `json:"process,omitempty"`
		Annotations map[string]string `json:"annotations"`
	}
	ociProcess struct {
		User            ociUser         `json:"user"`
		Capabilities    ociCapabilities `json:"capabilities"`
		NoNewPrivileges bool            `json:"noNewPrivileges"`
	}
	ociUser struct {
		UID            uint32   `json:"uid"`
		GID            uint32   `json:"gid"`
		AdditionalGids []uint32 `json:"additionalGids,omitempty"`
	}
	ociCapabilities struct {
		Bounding    []string `json:"bounding"`
		Effective   []string `json:"effective"`
		Inheritable []string `json:"inheritable"`
		Permitted   []string `json:"permitted"`
		Ambient     []string `json:"ambient"`
	}
)

// ociNote is the annotation that stands for the comments of other formats:
// JSON has none.
const ociNote = "com.github.capmon.discover"

// oci writes what to put into config.json. The command gets the sets that it
// had in the attempt.
func oci(r controller.Report) []byte {
	var notes page
	known := notes.header(r)
	config := ociConfig{Annotations: map[string]string{ociNote: strings.TrimSpace(strings.ReplaceAll(notes.String(), "# ", ""))}}
	if known {
		names := r.Capabilities.Names()
		config.Process = &ociProcess{
			User:            ociUser{r.User.UID, r.User.GID, r.User.Groups},
			Capabilities:    ociCapabilities{names, names, names, names, names},
			NoNewPrivileges: r.Container == nil || r.Container.NoNewPrivileges || len(r.Elevated) == 0,
		}
		// Root has what the bounding set has, and was given no more.
		if r.Container != nil && r.User.UID == 0 {
			config.Process.Capabilities.Ambient, config.Process.Capabilities.Inheritable = []string{}, []string{}
		}
	}
	return jsonDocument(config)
}
