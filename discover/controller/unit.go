package controller

import "github.com/capmon/capmon/caps"

// Unit is the systemd unit that was discovered, as it is today.
type Unit struct {
	// Name is the whole name, File its main file, DropIns those that were
	// read after it.
	Name    string   `json:"name"`
	File    string   `json:"file"`
	DropIns []string `json:"drop_ins"`
	// Type is what Type= says or implies.
	Type string `json:"type"`
	// User is what User= says; "" if it does not. GivenUser: the caller has
	// asked for another, Report.User.
	User      string `json:"user"`
	GivenUser bool   `json:"given_user"`
	// OfUser: it is a unit of a user's own manager, which can grant nothing.
	OfUser bool `json:"of_user"`
	// Manager ran it: "capmon" or "systemd".
	Manager string `json:"manager"`
	// Proven: systemd ran the service, through all scenarios, with exactly the
	// drop-in that is emitted for it.
	Proven bool `json:"proven"`
	// Limited: the unit limits the capabilities by CapabilityBoundingSet= or an
	// option that implies it. Bounding is the limit, and Ambient what the unit
	// asks for by AmbientCapabilities=.
	Limited  bool     `json:"limited"`
	Bounding caps.Set `json:"bounding"`
	Ambient  caps.Set `json:"ambient"`
	// NoNewPrivileges is what the unit says of it.
	NoNewPrivileges bool `json:"no_new_privileges"`
	// Skipped are scenarios that were left out.
	Skipped []Scenario `json:"skipped"`
	// Unapplied are assignments of the unit that were not in force, and
	// Ignored those that systemd ignores, with the reason.
	Unapplied []string `json:"unapplied"`
	Ignored   []string `json:"ignored"`
}

// Held is what the main process has when it is executed today.
func (r Report) Held() caps.Set {
	switch {
	case r.Container != nil:
		return r.Container.Held
	case r.Unit == nil || r.Unit.OfUser:
		return 0
	case r.User.UID == 0:
		return r.Unit.Bounding
	}
	return r.Unit.Ambient
}
