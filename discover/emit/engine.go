package emit

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
)

// capFlags are the options of docker run and podman run that grant exactly the
// set to a container.
func capFlags(set caps.Set) []string {
	flags := []string{"--cap-drop=ALL"}
	for _, name := range shortNames(set) {
		flags = append(flags, "--cap-add="+name)
	}
	return flags
}

// shortNames are the names as container engines have them, without CAP_.
func shortNames(set caps.Set) []string {
	var names []string
	for _, name := range set.Names() {
		names = append(names, strings.TrimPrefix(name, "CAP_"))
	}
	return names
}

// image are the words of `docker run` behind the capabilities. Of an image that was
// discovered they are the ones of the discovery, and its user is its own. Else
// IMAGE is left to fill in; what it runs is its own business.
func (p *page) image(r controller.Report) []string {
	if r.Container != nil && r.Container.Image != "" {
		words := append(slices.Clone(r.Container.Options), r.Container.Image)
		return append(words, r.Given.Arguments...)
	}
	p.comment("IMAGE is an image that runs the command.")
	return []string{userFlag(r), "IMAGE"}
}

// noNewPrivs is the option that switches off what set-user-ID and file
// capabilities give. A container was tried as it is.
func noNewPrivs(r controller.Report) []string {
	if r.Container != nil && r.Container.Image != "" {
		return nil
	}
	return []string{"--security-opt=no-new-privileges"}
}

// userFlag is the user in numbers: in an image, names are the image's own.
func userFlag(r controller.Report) string { return fmt.Sprintf("--user=%d:%d", r.User.UID, r.User.GID) }

// needsAmbient says whether the set reaches the command only if somebody makes
// it ambient, or by file capabilities: exec gives an ordinary user nothing of
// the bounding set (capabilities(7), "Transformation of capabilities during
// execve").
func needsAmbient(r controller.Report) bool { return r.User.UID != 0 && r.Capabilities != 0 }

// fileCapabilities says that an engine can help an ordinary user only through
// file capabilities, and whether these would do.
func (p *page) fileCapabilities(r controller.Report, engine string) {
	p.comment("%s gives a user who is not root nothing of the capabilities that it adds: it does not make them ambient.", engine)
	if c := r.Container; c != nil && c.Image != "" && !c.Ambient {
		p.comment("%s", triedFileCapabilities(r))
		return
	}
	files, unnamed := refused(r)
	enough := unnamed == 0 && len(files) > 0
	for _, f := range files {
		enough = enough && interpreter(f.path) == "" && !dropsUninherited(r, f.path)
	}
	if !enough {
		p.comment("File capabilities in the image would not do either, see --emit setcap; podman makes them ambient: --emit podman.")
		return
	}
	var names []string
	for _, f := range files {
		names = append(names, shown(filepath.Base(f.path)))
	}
	p.comment("So the image needs file capabilities on %s (--emit dockerfile), which no_new_privs would switch off;", strings.Join(names, ", "))
	p.comment("or use podman, which makes them ambient: --emit podman.")
}

// triedFileCapabilities says which way an image got the set from an engine that
// makes nothing ambient.
func triedFileCapabilities(r controller.Report) string {
	if file := r.Container.FileCapabilities; file != "" {
		return fmt.Sprintf("It was tried with file capabilities on %s, which the image needs (--emit dockerfile), and no_new_privs would switch off.", shown(file))
	}
	return "It gets them by set-user-ID or file capabilities in the image, which no_new_privs would switch off."
}

// portNote is about the engines that let everyone bind any port.
func (p *page) portNote(r controller.Report, engine string) {
	if r.Container != nil && r.Container.Engine == "docker" {
		return // it was tried there
	}
	if r.Capabilities.Has(caps.NetBindService) {
		p.comment("With a network of its own (not --network=host) a container of %s may bind any port without CAP_NET_BIND_SERVICE,", engine)
		p.comment("for net.ipv4.ip_unprivileged_port_start is 0 there: try without it.")
	}
}

// everyOtherName are the names of the capabilities that are not in the set.
func everyOtherName(set caps.Set) []string {
	var names []string
	for c := caps.Cap(0); c <= caps.CheckpointRestore; c++ {
		if !set.Has(c) {
			names = append(names, strings.ToLower(c.String()))
		}
	}
	return names
}
