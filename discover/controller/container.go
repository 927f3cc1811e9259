package controller

import "github.com/capmon/capmon/caps"

// Container is the OCI bundle that was discovered, as it is today.
type Container struct {
	// Bundle is its directory, Runtime the path of what ran it.
	Bundle  string `json:"bundle"`
	Runtime string `json:"runtime"`
	// Held is what its first process has at its exec today: for root what the
	// bounding set has, for another user the ambient set.
	Held            caps.Set `json:"held"`
	NoNewPrivileges bool     `json:"no_new_privileges"`
}
