package account

import (
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	for _, test := range []struct {
		spec string
		want Identity // Groups, Home and Shell apart
	}{
		{"root", Identity{Name: "root", GroupName: "root"}},
		{"0", Identity{Name: "root", GroupName: "root"}},
		{"daemon", Identity{Name: "daemon", GroupName: "daemon", UID: 1, GID: 1}},
		{"1", Identity{Name: "daemon", GroupName: "daemon", UID: 1, GID: 1}},
		{"daemon:root", Identity{Name: "daemon", GroupName: "root", UID: 1}},
		{"daemon:0", Identity{Name: "daemon", GroupName: "root", UID: 1}},
		{"daemon:76543", Identity{Name: "daemon", GroupName: "76543", UID: 1, GID: 76543}},
		{"76543", Identity{Name: "76543", GroupName: "76543", UID: 76543, GID: 76543}},
		{"76543:daemon", Identity{Name: "76543", GroupName: "daemon", UID: 76543, GID: 1}},
		{"4294967294", Identity{Name: "4294967294", GroupName: "4294967294", UID: 4294967294, GID: 4294967294}},
	} {
		got, err := Lookup(test.spec)
		if err != nil {
			t.Errorf("Lookup(%q): %v", test.spec, err)
			continue
		}
		if got.Name != test.want.Name || got.GroupName != test.want.GroupName || got.UID != test.want.UID || got.GID != test.want.GID {
			t.Errorf("Lookup(%q) = %+v, want %+v", test.spec, got, test.want)
		}
	}
}

func TestLookupErrors(t *testing.T) {
	for spec, want := range map[string]string{
		"no-such-user":         `unknown user "no-such-user"`,
		"no-such-user:root":    `unknown user "no-such-user"`,
		"root:no-such-group":   `unknown group "no-such-group"`,
		"root:":                `unknown group ""`,
		":root":                `unknown user ""`,
		"":                     `unknown user ""`,
		"-1":                   `unknown user "-1"`,
		"+1":                   `unknown user "+1"`,
		"4294967295":           `unknown user "4294967295"`,
		"4294967296":           `unknown user "4294967296"`,
		"root:4294967295":      `unknown group "4294967295"`,
		"root:root:root":       `unknown group "root:root"`,
		"99999999999999999999": `unknown user "99999999999999999999"`,
	} {
		if id, err := Lookup(spec); err == nil || err.Error() != want {
			t.Errorf("Lookup(%q) = %+v, %v, want the error %s", spec, id, err, want)
		}
	}
}

// Whatever users this machine has, id(1) knows their groups.
func TestLookupAgreesWithID(t *testing.T) {
	passwd, err := os.ReadFile("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(passwd)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) != 7 {
			continue
		}
		id, err := Lookup(fields[0])
		if err != nil {
			t.Errorf("Lookup(%q): %v", fields[0], err)
			continue
		}
		if id.Home != fields[5] || id.Shell != fields[6] {
			t.Errorf("%s has home %q and shell %q, want %q and %q", id.Name, id.Home, id.Shell, fields[5], fields[6])
		}
		out, err := exec.Command("id", "-G", fields[0]).Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Fields(string(out))
		got := []string{strconv.Itoa(int(id.GID))}
		for _, g := range id.Groups {
			got = append(got, strconv.Itoa(int(g)))
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s is in the groups %v, want %v", id.Name, got, want)
		}
	}
}

func TestCurrent(t *testing.T) {
	id, err := Current()
	if err != nil {
		t.Fatal(err)
	}
	if int(id.UID) != os.Geteuid() || int(id.GID) != os.Getegid() || id.Name == "" {
		t.Errorf("Current() = %+v", id)
	}
	groups, err := os.Getgroups()
	if err != nil {
		t.Fatal(err)
	}
	if len(groups) != len(id.Groups) {
		t.Errorf("groups are %v, want %v", id.Groups, groups)
	}
}

func TestSudoCaller(t *testing.T) {
	for _, test := range []struct {
		name     string
		self     int
		uid, gid string
		want     string // "" for no caller
		group    uint32
		err      string
	}{
		{"plain root", 0, "", "", "", 0, ""},
		{"user", 0, "1", "1", "daemon", 1, ""},
		{"user in another group", 0, "1", "2", "daemon", 2, ""},
		{"user without group", 0, "1", "", "daemon", 1, ""},
		{"unknown user", 0, "76543", "76544", "76543", 76544, ""},
		{"root called sudo", 0, "0", "0", "", 0, ""},
		{"root in disguise", 0, "00", "0", "", 0, ""},
		{"not root: a lie", 1000, "1", "1", "", 0, ""},
		{"not root: nonsense", 1000, "x", "1", "", 0, ""},
		{"no number", 0, "daemon", "1", "", 0, `SUDO_UID is "daemon", which is no user id: unset it`},
		{"negative", 0, "-1", "1", "", 0, `SUDO_UID is "-1", which is no user id: unset it`},
		{"nobody at all", 0, "4294967295", "1", "", 0, `SUDO_UID is "4294967295", which is no user id: unset it`},
		{"bad group", 0, "1", "1;2", "", 0, `SUDO_GID is "1;2", which is no group id: unset it`},
		{"two specs", 0, "1:0", "1", "", 0, `SUDO_UID is "1:0", which is no user id: unset it`},
	} {
		env := map[string]string{"SUDO_UID": test.uid, "SUDO_GID": test.gid}
		id, found, err := sudoCaller(test.self, func(name string) string { return env[name] })
		message := ""
		if err != nil {
			message = err.Error()
		}
		if found != (test.want != "") || id.Name != test.want || id.GID != test.group || message != test.err {
			t.Errorf("%s: %+v, %v, %v", test.name, id, found, err)
		}
	}
}

func TestEnviron(t *testing.T) {
	base := []string{
		"HOME=/root", "PATH=/bin", "USER=root", "LOGNAME=root", "SHELL=/bin/bash", "LANG=C",
		"SUDO_USER=me", "SUDO_UID=1000", "SUDO_GID=1000", "SUDO_COMMAND=/usr/bin/capmon x", "HOMEPAGE=x", "odd",
	}
	for _, test := range []struct {
		id   Identity
		want []string
	}{
		{Identity{Name: "me", Home: "/home/me", Shell: "/bin/zsh"}, []string{
			"PATH=/bin", "LANG=C", "HOMEPAGE=x", "odd", "HOME=/home/me", "LOGNAME=me", "SHELL=/bin/zsh", "USER=me",
		}},
		{Identity{Name: "76543"}, []string{
			"PATH=/bin", "LANG=C", "HOMEPAGE=x", "odd", "LOGNAME=76543", "USER=76543",
		}},
	} {
		if got := test.id.Environ(base); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.id.Name, got, test.want)
		}
	}
}
