package cgroup

import (
	"regexp"
	"strings"
	"sync"
)

// Owner is to whom the processes of a cgroup belong, as far as its path tells.
// What it does not tell is "".
type Owner struct {
	// Unit is that of the system's manager: "nginx.service". A login session
	// and the scope of a container are none: their names are never the same
	// twice.
	Unit string
	// Container is the id of the innermost container.
	Container string
	// Pod is the uid of the Kubernetes pod.
	Pod string
}

// parts are the expressions for the parts of a path. They are compiled when they
// are first needed: most of what capmon does is done without.
var parts = sync.OnceValue(func() (p struct{ container, pod, session *regexp.Regexp }) {
	// The cgroup of a container as the runtimes call it: its id, with or without
	// their names around it.
	p.container = regexp.MustCompile(`^(?:[a-z][a-z0-9.]*-)*([0-9a-f]{64})(?:\.scope)?$`)
	// That of a pod. systemd does not take the dashes of its uid in the name of a
	// slice; the uid of a static pod is a hash and has none.
	p.pod = regexp.MustCompile(`(?:^|-)pod([0-9a-f]{8}[-_]?[0-9a-f]{4}[-_]?[0-9a-f]{4}[-_]?[0-9a-f]{4}[-_]?[0-9a-f]{12})(?:\.slice)?$`)
	// The scope of a login session (pam_systemd(8)).
	p.session = regexp.MustCompile(`^session-c?[0-9]+\.scope$`)
	return p
})

// OwnerOf reads the path of a cgroup from the root of the tree.
func OwnerOf(path string) Owner {
	var o Owner
	p := parts()
	// containerd without the systemd driver joins what systemd is told by colons.
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == ':' }) {
		switch {
		case isMonitor(part):
			// What watches over a container is not the container.
		case p.container.MatchString(part):
			o.Container = p.container.FindStringSubmatch(part)[1]
		case o.Container == "" && p.pod.MatchString(part):
			o.Pod = strings.ReplaceAll(p.pod.FindStringSubmatch(part)[1], "_", "-")
		case o.Container == "" && o.Unit == "" && isUnit(part):
			o.Unit = part
		}
	}
	return o
}

// isUnit says whether a part of a path is called as a unit with processes.
// Below the first one, units are those of a user's manager.
func isUnit(part string) bool {
	name, isService := strings.CutSuffix(part, ".service")
	name, isScope := strings.CutSuffix(name, ".scope")
	return (isService || isScope) && name != "" && !parts().session.MatchString(part)
}

// isMonitor says whether a cgroup is that of conmon.
func isMonitor(name string) bool { return strings.Contains(name, "conmon-") }
