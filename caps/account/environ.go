package account

import "strings"

// Environ is base as a login of the user would have it: HOME, USER, LOGNAME
// and SHELL are the user's, and what sudo(8) set is gone. All else stays. A
// home or shell that is not known is left out rather than another user's.
func (id Identity) Environ(base []string) []string {
	own := map[string]string{
		"HOME": id.Home, "SHELL": id.Shell, "USER": id.Name, "LOGNAME": id.Name,
	}
	env := make([]string, 0, len(base)+len(own))
	for _, entry := range base {
		name, _, _ := strings.Cut(entry, "=")
		if _, replaced := own[name]; replaced || strings.HasPrefix(name, "SUDO_") {
			continue
		}
		env = append(env, entry)
	}
	for _, name := range []string{"HOME", "LOGNAME", "SHELL", "USER"} {
		if own[name] != "" {
			env = append(env, name+"="+own[name])
		}
	}
	return env
}
