package emit

import (
	"slices"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"

	"github.com/capmon/capmon/discover/controller"
)

// unitNotes say of a unit's drop-in why each capability is in it, and how it is
// put in force.
func unitNotes(p *page, r controller.Report) {
	for _, e := range r.Evidence {
		p.comment("%s: %s", e.Cap, unitReason(r, e))
	}
	if not := untried(r); len(not) > 0 {
		p.comment("Not tried: to %s.", strings.Join(not, ", "))
	}
	if only := r.StartOnly(); only != 0 {
		p.comment("Needed to start only: %s.", strings.Join(only.Names(), ", "))
	}
	for _, exe := range r.Elevated {
		p.comment("It executes %s, which is set-user-ID, set-group-ID or has file capabilities: NoNewPrivileges=yes would take that from it.", shorten(shown(exe), maxShown))
	}
	if r.Unit.Proven {
		p.comment("Proven: systemd started the service with exactly this drop-in.")
	} else if r.Unit.Manager == "capmon" {
		p.comment("capmon ran the service as systemd would; this drop-in was not tried under systemd.")
	}
	for _, option := range r.Unit.Unapplied {
		p.comment("Not in force when it was tried: %s", shorten(shown(option), maxShown))
	}
	dir, systemctl := "/etc/systemd/system/"+r.Unit.Name+".d", "systemctl"
	if r.Unit.OfUser {
		dir, systemctl = "~/.config/systemd/user/"+r.Unit.Name+".d", "systemctl --user"
		if r.Capabilities != 0 {
			p.comment("A user's manager cannot grant capabilities. Make it a unit of the system with User=%s, or give the file capabilities (setcap).",
				account(r.User.Name, r.User.UID))
		}
	}
	p.comment("Put this into %s/50-capmon.conf, then:", dir)
	p.comment("  %[1]s daemon-reload && %[1]s restart %[2]s", systemctl, r.Unit.Name)
	p.comment("To undo it: rm %s/50-capmon.conf, and the same again.", dir)
}

// untried are the scenarios that the service was not taken through.
func untried(r controller.Report) []string {
	var not []string
	if !slices.ContainsFunc(r.Scenarios, func(s controller.ScenarioNeed) bool { return s.Scenario == controller.Serve }) {
		not = append(not, string(controller.Serve))
	}
	for _, scenario := range r.Unit.Skipped {
		not = append(not, string(scenario))
	}
	return not
}

// unitReason says in which scenario the capability is needed, and for what.
func unitReason(r controller.Report, e controller.Evidence) string {
	var parts []string
	if n := e.FailedWithout; n > 0 {
		if s := r.Runs[n-1].Scenario; s != "" {
			parts = append(parts, "without it "+string(s)+" fails")
		}
	}
	if e.Check != nil {
		parts = append(parts, refusedCall(*e.Check))
	}
	if len(parts) == 0 {
		return "found by searching"
	}
	return strings.Join(parts, "; ")
}

// unitOptions limit the unit and leave the rest of it alone.
func unitOptions(r controller.Report) []*unit.UnitOption {
	var options []*unit.UnitOption
	add := func(name, value string) {
		options = append(options, unit.NewUnitOption("Service", name, value))
	}
	if r.Unit.GivenUser {
		add("User", account(r.User.Name, r.User.UID))
		add("Group", account(r.User.GroupName, r.User.GID))
	}
	if r.Unit.OfUser {
		// What is not there cannot be limited, and file capabilities would be
		// of no use under NoNewPrivileges=yes.
		if r.Capabilities == 0 && len(r.Elevated) == 0 {
			add("NoNewPrivileges", "yes")
		}
		return options
	}
	reset := func(name string) {
		add(name, "")
		if r.Capabilities != 0 {
			add(name, strings.Join(r.Capabilities.Names(), " "))
		}
	}
	reset("CapabilityBoundingSet")
	// For root the bounding set is enough, and an ambient set would reach what
	// it executes as another user.
	switch {
	case r.User.UID != 0:
		reset("AmbientCapabilities")
	case r.Unit.Ambient != 0:
		add("AmbientCapabilities", "")
	}
	// It changes only what such executables do, and there were none.
	if len(r.Elevated) == 0 {
		add("NoNewPrivileges", "yes")
	}
	return options
}
