package service

import (
	"testing"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover/unit"
)

// The examples of systemd.slice(5).
func TestSlicePath(t *testing.T) {
	for slice, want := range map[string]string{
		"system.slice": "system.slice", "foo-bar.slice": "foo.slice/foo-bar.slice",
		"a-b-c.slice": "a.slice/a-b.slice/a-b-c.slice", "-.slice": "",
	} {
		if got := slicePath(slice); got != want {
			t.Errorf("path of %s is %q, want %q", slice, got, want)
		}
	}
}

func TestMessages(t *testing.T) {
	got := parseFields("READY=1\nSTATUS=up = running\nnonsense\n")
	if len(got) != 2 || got["READY"] != "1" || got["STATUS"] != "up = running" {
		t.Errorf("fields %q", got)
	}
}

// A user other than root gets a grant at exec by the ambient set alone; root
// has what the bounding set has, unless that is taken from uid 0
// (capabilities(7)).
func TestDropIn(t *testing.T) {
	grant := caps.NewSet(caps.Chown, caps.Kill)
	for _, test := range []struct {
		name string
		s    Service
		want string
	}{
		{"root", Service{}, "[Service]\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_CHOWN CAP_KILL\nAmbientCapabilities=\n"},
		{"another", Service{own: true, user: account.Identity{UID: 7}},
			"[Service]\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_CHOWN CAP_KILL\nAmbientCapabilities=\nAmbientCapabilities=CAP_CHOWN CAP_KILL\n"},
		{"given", Service{own: true, given: true, user: account.Identity{UID: 7, GID: 8}},
			"[Service]\nUser=7\nGroup=8\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_CHOWN CAP_KILL\nAmbientCapabilities=\nAmbientCapabilities=CAP_CHOWN CAP_KILL\n"},
		{"noroot", Service{unit: unit.Service{Exec: unit.Exec{SecureBits: []string{"noroot-locked"}}}},
			"[Service]\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_CHOWN CAP_KILL\nAmbientCapabilities=\nAmbientCapabilities=CAP_CHOWN CAP_KILL\n"},
	} {
		if got := test.s.dropIn(grant); got != test.want {
			t.Errorf("%s:\n%s\nwant:\n%s", test.name, got, test.want)
		}
	}
}

// What a command is run as follows from its prefix ("Command lines" in
// systemd.service(5)).
func TestPlanByPrefix(t *testing.T) {
	s := Service{own: true, user: account.Identity{UID: 7, GID: 8}}
	grant := caps.NewSet(caps.Kill)
	for _, test := range []struct {
		privileges        unit.Privileges
		setID             bool
		bounding, ambient caps.Set
	}{
		{unit.Restricted, true, grant, grant},
		{unit.ElevatedIfNeeded, true, grant, grant},
		{unit.Elevated, false, grant, 0},
		{unit.Full, false, ^caps.Set(0), 0},
	} {
		p := s.plan(unit.Command{Path: "/bin/x", Privileges: test.privileges}, grant, nil)
		if p.SetID != test.setID || p.Bounding != test.bounding || p.Ambient != test.ambient {
			t.Errorf("privileges %v: identity %v, bounding %s, ambient %s", test.privileges, p.SetID, p.Bounding, p.Ambient)
		}
	}
}
