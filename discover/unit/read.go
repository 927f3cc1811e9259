package unit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capmon/capmon/caps"
)

// DefaultTimeout is DefaultTimeoutStartSec= of systemd-system.conf(5).
const DefaultTimeout = 90 * time.Second

// reader collects what the assignments say.
type reader struct {
	service Service
	spec    specifiers
	// timeoutStart: TimeoutStartSec= was set.
	timeoutStart bool
	watchdog     time.Duration
}

// Read reads the unit. An error names the file and says what is wrong in one
// sentence.
func Read(files Files, host Host) (Service, error) {
	r := newReader(files, host)
	for _, file := range append([]string{files.Fragment}, files.DropIns...) {
		assignments, err := readFile(file)
		if err != nil {
			return Service{}, err
		}
		for _, a := range assignments {
			if err := r.assign(a); err != nil {
				return Service{}, fmt.Errorf("%s: %s=: %w", a.file, a.key, err)
			}
		}
	}
	return r.finish()
}

func newReader(files Files, host Host) *reader {
	r := &reader{spec: host.specifiers(files.Name, files.Fragment)}
	r.service = Service{
		Files: files, TimeoutStart: DefaultTimeout, TimeoutStop: DefaultTimeout,
		KillSignal: "SIGTERM", ReloadSignal: "SIGHUP", KillMode: "control-group",
	}
	r.service.UMask = 0o022
	r.service.Limits = map[string]Limit{}
	r.service.Bounding = every
	for i := range r.service.Directories {
		r.service.Directories[i] = Directories{Kind: Kind(i), Links: map[string][]string{}, Mode: 0o755}
	}
	return r
}

// assign takes one assignment. Other sections say when a service is started,
// not how.
func (r *reader) assign(a assignment) error {
	if a.section != "Service" {
		return nil
	}
	if name, ok := strings.CutPrefix(a.key, "Limit"); ok && limits[name] {
		return r.limit(name, a.value)
	}
	read, known := keys[a.key]
	switch {
	case known:
		return read(r, a.value)
	case slices.Contains(confinement, a.key):
		r.confine(a)
	case !irrelevant(a.key):
		r.service.Unapplied = append(r.service.Unapplied, a.key+"="+a.value)
	}
	return nil
}

// confine keeps an option for mounts, name spaces or system calls. An empty
// value takes back what was there.
func (r *reader) confine(a assignment) {
	if a.value == "" {
		r.service.Confinement = slices.DeleteFunc(r.service.Confinement, func(s string) bool {
			return strings.HasPrefix(s, a.key+"=")
		})
		return
	}
	r.service.Confinement = append(r.service.Confinement, a.key+"="+a.value)
}

func (r *reader) limit(name, value string) error {
	if value == "" {
		delete(r.service.Limits, name)
		return nil
	}
	limit, err := parseLimit(name, value)
	if err == nil {
		r.service.Limits[name] = limit
	}
	return err
}

// finish sets the defaults that depend on other options, and says what no
// service can be without (service_verify in src/core/service.c).
func (r *reader) finish() (Service, error) {
	s := &r.service
	s.Type = fallback(s.Type, r.defaultType())
	if s.Type == "oneshot" && !r.timeoutStart {
		s.TimeoutStart = 0
	}
	if s.NotifyAccess == "" {
		s.NotifyAccess = "none"
	}
	if s.NotifyAccess == "none" && (strings.HasPrefix(s.Type, "notify") || r.watchdog != 0) {
		s.NotifyAccess = "main"
	}
	s.Bounding = s.Bounding.Minus(s.Withheld())
	if s.PermissionsStartOnly {
		// service_spawn() in src/core/service.c: they are spawned without
		// EXEC_APPLY_SANDBOXING.
		for _, commands := range [][]Command{s.Condition, s.StartPre, s.StartPost, s.Reload, s.Stop, s.StopPost} {
			for i := range commands {
				commands[i].Privileges = Full
			}
		}
	}
	refuse := func(text string, args ...any) (Service, error) {
		return Service{}, fmt.Errorf("unit %s %s", s.Name, fmt.Sprintf(text, args...))
	}
	switch {
	case len(s.Start) == 0 && (!s.RemainAfterExit || s.Type != "oneshot" || len(s.Stop) == 0):
		return refuse("has no ExecStart=, so there is nothing to run")
	case len(s.Start) > 1 && s.Type != "oneshot":
		return refuse("has %d ExecStart=, which only Type=oneshot may have", len(s.Start))
	case s.Type == "dbus" && s.BusName == "":
		return refuse("has Type=dbus and no BusName=")
	}
	if s.DynamicUser && s.User == "" {
		s.User = dynamicName(s.Name)
	}
	if s.DynamicUser && s.Group == "" {
		s.Group = s.User
	}
	return *s, nil
}

func (r *reader) defaultType() string {
	switch {
	case r.service.BusName != "":
		return "dbus"
	case len(r.service.Start) == 0:
		return "oneshot"
	}
	return "simple"
}

// dynamicName is the user that DynamicUser= makes where User= names none:
// the unit's prefix, if a user can have such a name.
func dynamicName(name Name) string {
	valid := len(name.Prefix) <= 31 && validVariable(strings.ReplaceAll(name.Prefix, "-", "_"))
	if valid && !name.Instantiable {
		return name.Prefix
	}
	return "dynamic"
}

// capabilities changes one of the sets.
func (r *reader) capabilities(set *caps.Set, assigned bool, key, value string) {
	next, ignored := parseCapabilities(*set, assigned, value)
	*set = next
	for _, word := range ignored {
		r.service.Ignored = append(r.service.Ignored,
			fmt.Sprintf("%s=%s (systemd knows no such capability; names begin with CAP_)", key, word))
	}
}
