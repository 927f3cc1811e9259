package emit

import (
	"cmp"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"

	"github.com/capmon/capmon/discover/controller"
)

// systemd writes a drop-in for the service that runs the command, as
// systemd.exec(5) has the options.
func systemd(r controller.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	switch {
	case r.Verdict == controller.Observed:
		watchedNotes(&p, r)
	case r.Unit != nil:
		unitNotes(&p, r)
	default:
		systemdNotes(&p, r)
	}
	// Reading from Serialize's buffer into another cannot fail.
	_, _ = io.Copy(&p, unit.Serialize(serviceOptions(r)))
	return p.Bytes()
}

// systemdNotes says what the options cannot.
func systemdNotes(p *page, r controller.Report) {
	if r.User.UID == 0 {
		p.comment("It ran as uid 0 without the privilege of being uid 0; in a service, the bounding set limits root to the same.")
	}
	if r.User.Name == "nobody" {
		p.comment("systemd warns of User=nobody, which services should not share: a user of its own is better.")
	}
	for _, exe := range r.Elevated {
		p.comment("It executed %s, which is set-user-ID, set-group-ID or has file capabilities: it lent nothing then, and lends nothing under NoNewPrivileges=yes.", shorten(shown(exe), maxShown))
	}
	p.comment("Put this into /etc/systemd/system/NAME.service.d/50-capmon.conf, where NAME.service runs the command, then:")
	p.comment("  systemctl daemon-reload && systemctl restart NAME.service")
}

// watchedNotes says where the drop-in of a service that was watched belongs.
func watchedNotes(p *page, r controller.Report) {
	name := cmp.Or(r.Watched.Unit, "NAME.service")
	p.comment("Put this into /etc/systemd/system/%s.d/50-capmon.conf, then:", name)
	p.comment("  systemctl daemon-reload && systemctl restart %s", name)
}

// watchedOptions limit the service to what it used, and leave the rest of it
// alone.
func watchedOptions(r controller.Report) []*unit.UnitOption {
	limited := r
	limited.Unit = new(controller.Unit)
	// It may have executed what takes powers from its file.
	limited.Elevated = []string{""}
	return unitOptions(limited)
}

// serviceOptions are the options of the drop-in. Both lists begin with an
// empty assignment: systemd joins the lists of the unit and of its drop-ins,
// and only an empty one clears what the unit had. On its own it is the empty
// set, so nothing follows it when nothing is needed.
func serviceOptions(r controller.Report) []*unit.UnitOption {
	var options []*unit.UnitOption
	add := func(name, value string) {
		options = append(options, unit.NewUnitOption("Service", name, value))
	}
	if r.Unit != nil {
		return append(options, unitOptions(r)...)
	}
	if r.Verdict == controller.Observed {
		return watchedOptions(r)
	}
	add("User", account(r.User.Name, r.User.UID))
	// Without Group=, a user that systemd finds in no database keeps the
	// group of root.
	add("Group", account(r.User.GroupName, r.User.GID))
	for _, name := range []string{"AmbientCapabilities", "CapabilityBoundingSet"} {
		add(name, "")
		if r.Capabilities != 0 {
			add(name, strings.Join(r.Capabilities.Names(), " "))
		}
	}
	add("NoNewPrivileges", "yes")
	return options
}

// account returns the name of a user or group if it is sure to be taken for
// what it is, and the number otherwise: a name with a % in it would be
// expanded, one with a blank refused.
func account(name string, id uint32) string {
	if plainName(name) {
		return name
	}
	return strconv.FormatUint(uint64(id), 10)
}

// plainName says whether name follows the strict rules for users and groups
// (systemd.io/USER_NAMES), which numbers do not.
func plainName(name string) bool {
	return regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_-]{0,30}$`).MatchString(name)
}
