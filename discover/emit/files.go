package emit

import (
	"strings"

	"github.com/capmon/capmon/discover/controller"
)

type (
	ansibleTask struct {
		Name         string              `yaml:"name"`
		Capabilities ansibleCapabilities `yaml:"community.general.capabilities"`
	}
	ansibleCapabilities struct {
		Path       string `yaml:"path"`
		Capability string `yaml:"capability"`
		State      string `yaml:"state"`
	}
)

// ansible writes a task for each capability of each file: the module takes one
// at a time.
func ansible(r controller.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	files, unnamed := refused(r)
	var tasks []ansibleTask
	for _, f := range files {
		if kind := interpreter(f.path); kind != "" {
			p.comment("No task for %s (needs %s): it is %s, with which any user could use them for anything; use --emit systemd.", shown(f.path), f.caps, kind)
			continue
		}
		if !plain(f.path) {
			p.comment("No task for %s (needs %s): its path cannot be written on one line.", shown(f.path), f.caps)
			continue
		}
		if dropsUninherited(r, f.path) {
			p.comment("NOTE: %s gives up its capabilities (capset) unless they are inherited: use --emit systemd.", f.path)
		}
		for _, name := range f.caps.Names() {
			tasks = append(tasks, ansibleTask{
				Name:         "Let " + f.path + " use " + name,
				Capabilities: ansibleCapabilities{f.path, strings.ToLower(name) + "+ep", "present"},
			})
		}
	}
	if unnamed != 0 {
		p.comment("%s found by searching: no refusal names the executable, so file capabilities may not be enough; use --emit systemd.", unnamed)
	}
	if len(tasks) == 0 {
		p.comment("There is nothing to set.")
		return p.Bytes()
	}
	p.yaml(tasks)
	return p.Bytes()
}
