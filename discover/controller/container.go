package controller

import "github.com/capmon/capmon/caps"

// Container is the OCI bundle or the image that was discovered, as it is today.
type Container struct {
	// Bundle is its directory, Runtime the path of what ran it; both are "" for an
	// image.
	Bundle  string `json:"bundle"`
	Runtime string `json:"runtime"`
	// Engine is podman or docker, which ran Image with Options; "" for a bundle.
	Engine  string   `json:"engine"`
	Image   string   `json:"image"`
	Options []string `json:"options"`
	// Default is what the engine grants by default; of a bundle its bounding set.
	Default caps.Set `json:"default"`
	// Ambient: what is granted is made ambient for a user that is not root.
	Ambient bool `json:"ambient"`
	// FileCapabilities is the executable in the image that had each grant as file
	// capabilities, since the engine gives the user nothing otherwise; "" if none
	// had.
	FileCapabilities string `json:"file_capabilities"`
	// UserNamespace: the container has a user namespace of its own, so that what
	// it is granted counts for nothing outside.
	UserNamespace bool `json:"user_namespace"`
	// Held is what its first process has at its exec today: for root what the
	// bounding set has, for another user the ambient set.
	Held            caps.Set `json:"held"`
	NoNewPrivileges bool     `json:"no_new_privileges"`
}
