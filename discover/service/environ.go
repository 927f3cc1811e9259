package service

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/capmon/capmon/discover/unit"
)

// defaultPath is systemd's DEFAULT_PATH (src/basic/path-util.h).
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// fixedEnviron is the environment of the commands, but for what belongs to one
// run of them ("Environment Variables in Spawned Processes" in
// systemd.exec(5)). Files of variables are read anew, as the manager does.
func (s *Service) fixedEnviron(getenv func(string) string) ([]string, error) {
	env := []string{"PATH=" + defaultPath}
	if s.own {
		env = append(env, "LOGNAME="+s.user.Name, "USER="+s.user.Name)
		if s.user.Home != "" {
			env = append(env, "HOME="+s.user.Home)
		}
		if s.user.Shell != "" {
			env = append(env, "SHELL="+s.user.Shell)
		}
	}
	for _, dirs := range s.unit.Directories {
		if paths := s.paths(dirs); len(paths) > 0 {
			env = append(env, kindOf(dirs.Kind).variable+"="+strings.Join(paths, ":"))
		}
	}
	for _, name := range s.unit.Pass {
		if value := getenv(name); value != "" {
			env = set(env, name+"="+value)
		}
	}
	for _, variable := range s.unit.Environment {
		env = set(env, variable)
	}
	for _, file := range s.unit.EnvironmentFiles {
		variables, err := file.Read()
		if err != nil {
			return nil, err
		}
		for _, variable := range variables {
			env = set(env, variable)
		}
	}
	return slices.DeleteFunc(env, s.unset), nil
}

// unset says whether UnsetEnvironment= removes the variable.
func (s *Service) unset(variable string) bool {
	name, _, _ := strings.Cut(variable, "=")
	return slices.Contains(s.unit.Unset, name) || slices.Contains(s.unit.Unset, variable)
}

// set puts a variable in the place of another of its name.
func set(env []string, variable string) []string {
	name, _, _ := strings.Cut(variable, "=")
	for i, other := range env {
		if strings.HasPrefix(other, name+"=") {
			env[i] = variable
			return env
		}
	}
	return append(env, variable)
}

// kind is what is known of a kind of directories.
type kind struct{ option, variable string }

func kindOf(k unit.Kind) kind {
	return []kind{
		{"RuntimeDirectory", "RUNTIME_DIRECTORY"}, {"StateDirectory", "STATE_DIRECTORY"}, {"CacheDirectory", "CACHE_DIRECTORY"},
		{"LogsDirectory", "LOGS_DIRECTORY"}, {"ConfigurationDirectory", "CONFIGURATION_DIRECTORY"},
	}[k]
}

// base is the manager's directory of the kind.
func (s *Service) base(k unit.Kind) string {
	return []string{s.host.Runtime, s.host.State, s.host.Cache, s.host.Logs, s.host.Configuration}[k]
}

func (s *Service) paths(dirs unit.Directories) []string {
	var paths []string
	for _, name := range dirs.Names {
		paths = append(paths, filepath.Join(s.base(dirs.Kind), name))
	}
	return paths
}
