package corpus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// Grants says what the distribution gives a program: file capabilities, a
// set-user-ID bit, what its systemd unit says, or all of root's power when
// neither says anything.
func Grants(program, service string) (string, error) {
	var grants []string
	file, err := fileGrants(program)
	if err != nil {
		return "", err
	}
	grants = append(grants, file...)
	if service != "" {
		fromUnit, err := unitGrants(service)
		if err != nil {
			return "", err
		}
		grants = append(grants, fromUnit...)
	}
	if len(grants) == 0 {
		return "root", nil
	}
	return strings.Join(grants, "; "), nil
}

func fileGrants(program string) ([]string, error) {
	// Alternatives are links.
	path, err := filepath.EvalSymlinks(program)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	var grants []string
	if info.Mode()&os.ModeSetuid != 0 {
		grants = append(grants, "set-user-ID root")
	}
	set, err := cap.GetFile(path)
	switch {
	case errors.Is(err, unix.ENODATA):
	case err != nil:
		return nil, fmt.Errorf("read file capabilities of %s: %w", path, err)
	default:
		grants = append(grants, "file: "+strings.TrimPrefix(set.String(), "="))
	}
	return grants, nil
}

// unitGrants reads User, AmbientCapabilities and CapabilityBoundingSet.
func unitGrants(service string) ([]string, error) {
	f, err := os.Open(filepath.Join("/lib/systemd/system", service))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	options, err := unit.DeserializeOptions(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", service, err)
	}
	user, sets := "root", map[string][]string{}
	for _, o := range options {
		switch o.Name {
		case "User":
			user = o.Value
		case "AmbientCapabilities", "CapabilityBoundingSet":
			sets[o.Name] = append(sets[o.Name], o.Value)
		}
	}
	text := "unit: " + user
	for _, name := range []string{"AmbientCapabilities", "CapabilityBoundingSet"} {
		if values := sets[name]; values != nil {
			text += ", " + name + "=" + strings.Join(values, " ")
		}
	}
	return []string{text}, nil
}
