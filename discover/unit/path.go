package unit

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// SystemPath lists the directories in which the system's manager looks for
// units, the most important first (systemd.unit(5), "Unit File Load Path").
func SystemPath(getenv func(string) string) []string {
	return overridden(getenv, []string{
		"/etc/systemd/system.control",
		"/run/systemd/system.control",
		"/run/systemd/transient",
		"/run/systemd/generator.early",
		"/etc/systemd/system",
		"/etc/systemd/system.attached",
		"/run/systemd/system",
		"/run/systemd/system.attached",
		"/run/systemd/generator",
		"/usr/local/lib/systemd/system",
		"/lib/systemd/system",
		"/usr/lib/systemd/system",
		"/run/systemd/generator.late",
	})
}

// UserPath is SystemPath for the manager of a user.
func UserPath(getenv func(string) string, home string) []string {
	config := fallback(getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config"))
	data := fallback(getenv("XDG_DATA_HOME"), filepath.Join(home, ".local/share"))
	runtime := getenv("XDG_RUNTIME_DIR")
	var path []string
	add := func(base string, names ...string) {
		if base == "" {
			return
		}
		for _, name := range names {
			// The variables may name what is looked in anyway.
			if dir := filepath.Join(base, "systemd", name); !slices.Contains(path, dir) {
				path = append(path, dir)
			}
		}
	}
	add(config, "user.control")
	add(runtime, "user.control", "transient", "generator.early")
	add(config, "user")
	for _, dir := range filepath.SplitList(fallback(getenv("XDG_CONFIG_DIRS"), "/etc/xdg")) {
		add(dir, "user")
	}
	add("/etc", "user")
	add(runtime, "user")
	add("/run", "user")
	add(runtime, "generator")
	add(data, "user")
	for _, dir := range filepath.SplitList(fallback(getenv("XDG_DATA_DIRS"), "/usr/local/share:/usr/share")) {
		add(dir, "user")
	}
	for _, dir := range []string{"/usr/local/lib", "/usr/local/share", "/usr/lib", "/usr/share"} {
		add(dir, "user")
	}
	add(runtime, "generator.late")
	return overridden(getenv, path)
}

// overridden is what $SYSTEMD_UNIT_PATH makes of path.
func overridden(getenv func(string) string, path []string) []string {
	own := getenv("SYSTEMD_UNIT_PATH")
	if own == "" {
		return path
	}
	dirs := filepath.SplitList(strings.TrimSuffix(own, string(os.PathListSeparator)))
	if strings.HasSuffix(own, string(os.PathListSeparator)) {
		return append(dirs, path...)
	}
	return dirs
}

func fallback(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}
