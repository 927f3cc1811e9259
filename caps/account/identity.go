// Package account says as whom a command runs: it looks users and groups up in
// the user database, and knows who called sudo(8).
//
//	id, err := account.Lookup("www-data")
//	env := id.Environ(os.Environ()) // with HOME, USER, LOGNAME and SHELL of www-data
package account

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
)

// Identity is the user that a command runs as, apart from its capabilities.
type Identity struct {
	// Name is the user's name, or the number in decimal when no name is
	// known.
	Name string `json:"name"`
	// GroupName is the primary group's name, or its number.
	GroupName string `json:"group"`
	UID       uint32 `json:"uid"`
	GID       uint32 `json:"gid"`
	// Groups are the supplementary groups.
	Groups []uint32 `json:"groups"`
	// Home and Shell are what passwd(5) says; empty for a user it does not
	// know.
	Home  string `json:"-"`
	Shell string `json:"-"`
}

// Lookup finds NAME[:GROUP]; both may be numbers, and a name that looks like a
// number is a name first (POSIX chown).
//
// GROUP replaces the primary group and leaves the supplementary ones, as
// Group= beside User= does in a systemd unit. A number that no user has is
// taken as it is, without supplementary groups, and with the group of the same
// number: docker(1) takes group 0 there, which would give root's group to
// someone who is not root. The error of a name that does not exist is one
// sentence.
func Lookup(spec string) (Identity, error) {
	name, group, hasGroup := strings.Cut(spec, ":")
	id, err := lookupUser(name)
	if err != nil || !hasGroup {
		return id, err
	}
	if id.GID, id.GroupName, err = lookupGroup(group); err != nil {
		return Identity{}, err
	}
	return id, nil
}

// Current is the user that capmon runs as, with the groups that it has.
func Current() (Identity, error) {
	id, err := lookupUser(strconv.Itoa(os.Geteuid()))
	if err != nil {
		return id, err
	}
	groups, err := os.Getgroups()
	if err != nil {
		return id, fmt.Errorf("read own groups: %w", err)
	}
	id.GID = uint32(os.Getegid())
	id.GroupName = groupName(id.GID)
	id.Groups = nil
	for _, g := range groups {
		id.Groups = append(id.Groups, uint32(g))
	}
	return id, nil
}

// Caller is the user on whose behalf this process runs: under sudo, who called
// sudo, which the second value says.
func Caller() (Identity, bool, error) {
	id, sudo, err := SudoCaller(os.Getenv)
	if err != nil || sudo {
		return id, sudo, err
	}
	id, err = Current()
	return id, false, err
}

// SudoCaller is the user who called sudo; false when capmon does not run as
// root under sudo, or when root called it. sudo(8) sets SUDO_UID and
// SUDO_GID; they are believed only as uid 0, which could lie to nobody but
// itself.
func SudoCaller(getenv func(string) string) (Identity, bool, error) {
	return sudoCaller(os.Getuid(), getenv)
}

// sudoCaller is SudoCaller for a process whose real user is self.
func sudoCaller(self int, getenv func(string) string) (Identity, bool, error) {
	uid, gid := getenv("SUDO_UID"), getenv("SUDO_GID")
	if self != 0 || uid == "" {
		return Identity{}, false, nil
	}
	number, err := parseID(uid)
	if err != nil {
		return Identity{}, false, fmt.Errorf("SUDO_UID is %q, which is no user id: unset it", uid)
	}
	if number == 0 {
		return Identity{}, false, nil
	}
	spec := uid
	if gid != "" {
		if _, err := parseID(gid); err != nil {
			return Identity{}, false, fmt.Errorf("SUDO_GID is %q, which is no group id: unset it", gid)
		}
		spec += ":" + gid
	}
	id, err := Lookup(spec)
	return id, err == nil, err
}

func lookupUser(name string) (Identity, error) {
	u, err := user.Lookup(name)
	uid, notNumber := parseID(name)
	if err != nil && notNumber == nil {
		u, err = user.LookupId(name)
		if err != nil {
			return Identity{Name: name, UID: uid, GID: uid, GroupName: groupName(uid)}, nil
		}
	}
	if err != nil {
		return Identity{}, fmt.Errorf("unknown user %q", name)
	}
	return fromDatabase(u)
}

func fromDatabase(u *user.User) (Identity, error) {
	uid, err1 := parseID(u.Uid)
	gid, err2 := parseID(u.Gid)
	if err := errors.Join(err1, err2); err != nil {
		return Identity{}, fmt.Errorf("read user %s: %w", u.Username, err)
	}
	id := Identity{
		Name: u.Username, GroupName: groupName(gid), UID: uid, GID: gid,
		Home: u.HomeDir, Shell: loginShell(u.Username),
	}
	groups, err := u.GroupIds()
	if err != nil {
		return Identity{}, fmt.Errorf("read groups of %s: %w", u.Username, err)
	}
	for _, g := range groups {
		n, err := parseID(g)
		if err != nil {
			return Identity{}, fmt.Errorf("read groups of %s: %w", u.Username, err)
		}
		if n != gid && !slices.Contains(id.Groups, n) {
			id.Groups = append(id.Groups, n)
		}
	}
	return id, nil
}

func lookupGroup(name string) (gid uint32, known string, err error) {
	if g, err := user.LookupGroup(name); err == nil {
		if gid, err = parseID(g.Gid); err == nil {
			return gid, name, nil
		}
	}
	if gid, err = parseID(name); err != nil {
		return 0, "", fmt.Errorf("unknown group %q", name)
	}
	return gid, groupName(gid), nil
}

// groupName is the name of a group, or its number.
func groupName(gid uint32) string {
	number := strconv.FormatUint(uint64(gid), 10)
	if g, err := user.LookupGroupId(number); err == nil {
		return g.Name
	}
	return number
}

// parseID reads a user or group id; the largest number stands for none
// (setreuid(2)).
func parseID(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 1<<32-1 {
		return 0, fmt.Errorf("%q is no id", text)
	}
	return uint32(n), nil
}

// loginShell is the last field of the user's line in /etc/passwd, which
// os/user leaves out.
func loginShell(name string) string {
	f, err := os.Open("/etc/passwd")
	if err != nil {
		return ""
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) == 7 && fields[0] == name {
			return fields[6]
		}
	}
	return ""
}
