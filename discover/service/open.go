package service

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover/unit"
)

// Open finds and reads a unit of the system's manager: by its name, or by the
// path of its file, which has a slash. user takes the place of the unit's own
// if it is not nil. The error is one sentence.
func Open(name string, user *account.Identity) (*Service, error) {
	return open(name, unit.SystemPath(os.Getenv), unit.System(), user)
}

// OpenForUser is Open for a unit of the user's own manager, which runs
// everything as that user.
func OpenForUser(name string, user account.Identity) (*Service, error) {
	// The manager's environment, not that of capmon.
	getenv := func(variable string) string {
		switch variable {
		case "XDG_RUNTIME_DIR":
			return fmt.Sprintf("/run/user/%d", user.UID)
		case "SYSTEMD_UNIT_PATH":
			return os.Getenv(variable)
		}
		return ""
	}
	s, err := open(name, unit.UserPath(getenv, user.Home), unit.OfUser(user, getenv), &user)
	if err != nil {
		return nil, err
	}
	s.given, s.ofUser = false, true
	return s, nil
}

func open(name string, path []string, host unit.Host, user *account.Identity) (*Service, error) {
	files, err := find(name, path)
	if err != nil {
		return nil, err
	}
	read, err := unit.Read(files, host)
	if err != nil {
		return nil, err
	}
	sockets, names, err := openSockets(read, path, host)
	if err != nil {
		return nil, err
	}
	s, err := New(read, host, sockets, user)
	if err != nil {
		return nil, err
	}
	s.socketUnits, s.asked = names, name
	return s, s.missing()
}

func find(name string, path []string) (unit.Files, error) {
	if strings.Contains(name, "/") {
		return unit.FindFile(name, path)
	}
	parsed, err := unit.ParseName(name)
	if err != nil {
		return unit.Files{}, err
	}
	return unit.Find(parsed, path)
}

// missing finds an executable that is not there before anything is run.
func (s *Service) missing() error {
	for _, c := range s.unit.Start {
		if !filepath.IsAbs(c.Path) {
			continue
		}
		if _, err := os.Stat(filepath.Join(s.unit.RootDirectory, c.Path)); err != nil {
			return fmt.Errorf("unit %s: ExecStart=%s does not exist: install it, or correct the unit", s.unit.Name, c.Path)
		}
	}
	return nil
}
